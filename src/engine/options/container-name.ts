import { EngineError } from '../../errors.ts';

/** Docker's rule for names: at least two characters. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

const ADJECTIVES = `
  able agile alert amber ample apt arctic avid azure blithe bold brave breezy bright brisk calm candid
  careful cheerful civil clear clever coastal cordial cosmic crisp curious daring dapper deft eager
  earnest easy elated even exact fair festive fleet fluent fond frank fresh gallant gentle glad golden
  graceful grand hale handy happy hardy hearty honest hopeful humble ideal jaunty jolly jovial keen kind
  lively logical loyal lucid lucky mellow merry mild mindful modest neat nimble noble patient placid
  plucky polite prime proud quick quiet radiant rapid ready serene sharp silent sincere smart snug solid
  spry stable steady sunny swift tidy upbeat vivid warm wise witty zealous
`;

/** People of science and computing, of many times and places. */
const SURNAMES = `
  abel archimedes babbage bardeen bassi bell bernoulli bohr boole born bose brahe brahmagupta burnell
  cantor carson cassini cauchy chandrasekhar chatelet copernicus cori coulomb crick curie dalton darwin
  dijkstra diophantus dirac einstein erdos euclid euler faraday fermat fermi feynman fibonacci fleming
  fourier franklin galileo galois gauss germain gibbs goedel goodall goodenough hamilton hawking
  heisenberg helmholtz herschel hertz hilbert hodgkin hooke hopper hubble humboldt huygens hypatia jacobi
  jemison johnson joule kepler khayyam khwarizmi knuth kovalevskaya lagrange lamarr landau laplace
  lavoisier leavitt leibniz linnaeus lovelace maxwell mayer mcclintock meitner mendel mendeleev mirzakhani
  montalcini napier neumann newton nightingale noether ohm pascal pasteur pauli payne planck poincare
  ptolemy ramanujan raman riemann ritchie rubin rutherford sagan salam schrodinger shannon somerville
  swirles tesla thompson torvalds turing volta wien wright wu yalow yonath
`;

/**
 * A made-up name for a container: `adjective_surname`, one of about 13,000. Not unique: whoever stores it asks again
 * when it is taken. `random` returns numbers from 0 up to, not including, 1.
 */
export function randomName(random: () => number = Math.random): string {
  return `${pick(ADJECTIVES, random())}_${pick(SURNAMES, random())}`;
}

function pick(words: string, random: number): string {
  const list = words.trim().split(/\s+/);
  return list[Math.floor(random * list.length)] ?? 'skiff';
}

/** Throws `invalid` for what cannot be a container's name. */
export function checkName(name: string | undefined): void {
  if (name === undefined || NAME.test(name)) return;
  throw new EngineError('invalid', `"${name}" cannot be a container's name`, {
    subject: name,
    failure: 'badContainerName',
    hint: 'two or more of letters, digits, _ . and -, beginning with a letter or digit',
  });
}
