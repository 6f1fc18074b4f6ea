import { EngineError } from '../../errors.ts';
import { type Functions, WrongCall } from './functions.ts';
import type { Operand, ParsedTemplate, Pipe, TemplateCommand, TemplateNode } from './parser.ts';
import { entriesOf, Float, formatValue, isTrue, kindOf, typeName } from './values.ts';

/**
 * Executes a template on a value: maps have no value for a missing key, structs fail. Functions among the fields of an
 * object are its methods. `shown` is what becomes of the values' texts. Throws `invalid`, naming the place as Go does.
 */
export function executeTemplate(
  template: ParsedTemplate,
  data: unknown,
  functions: Functions,
  shown: (text: string) => string = (text) => text,
): string {
  return new Execution(template, data, { functions, shown }).run();
}

/** How a list of nodes ended. */
type Flow = 'on' | 'break' | 'continue';

interface Variable {
  name: string;
  value: unknown;
}

/** Stands for the value that the first command of a pipeline lacks: there is no earlier command. */
const NOTHING = Symbol('nothing');

class Execution {
  readonly #template: ParsedTemplate;
  readonly #data: unknown;
  readonly #functions: Functions;
  readonly #shown: (text: string) => string;
  readonly #variables: Variable[];
  #output = '';

  constructor(
    template: ParsedTemplate,
    data: unknown,
    { functions, shown }: { functions: Functions; shown: (text: string) => string },
  ) {
    this.#template = template;
    this.#data = data;
    this.#functions = functions;
    this.#shown = shown;
    this.#variables = [{ name: '$', value: data }];
  }

  run(): string {
    this.#list(this.#template.nodes, this.#data);
    return this.#output;
  }

  #list(nodes: readonly TemplateNode[], dot: unknown): Flow {
    for (const node of nodes) {
      const flow = this.#node(node, dot);
      if (flow !== 'on') return flow;
    }
    return 'on';
  }

  #node(node: TemplateNode, dot: unknown): Flow {
    switch (node.kind) {
      case 'text':
        this.#output += node.text;
        return 'on';
      case 'action': {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.declared.length === 0) this.#print(value, node.pipe);
        return 'on';
      }
      case 'break':
      case 'continue':
        return node.kind;
      case 'range':
        return this.#scoped(() => this.#range(node, dot));
      default:
        return this.#scoped(() => {
          const value = this.#pipe(node.pipe, dot);
          if (!isTrue(value)) return this.#list(node.otherwise, dot);
          return this.#list(node.body, node.kind === 'with' ? value : dot);
        });
    }
  }

  #scoped(body: () => Flow): Flow {
    const scope = this.#variables.length;
    const flow = body();
    this.#variables.length = scope;
    return flow;
  }

  #range(node: Extract<TemplateNode, { kind: 'if' | 'with' | 'range' }>, dot: unknown): Flow {
    const value = this.#pipe(node.pipe, dot, { declare: false });
    const items = this.#items(value, node.pipe);
    if (items.length === 0) return this.#list(node.otherwise, dot);
    for (const item of items) {
      const flow = this.#scoped(() => {
        this.#bindLoop(node.pipe, item);
        return this.#list(node.body, item[1]);
      });
      if (flow === 'break') break;
    }
    return 'on';
  }

  /** Binds the variables of a loop: a single one is the element, two are index and element. */
  #bindLoop({ declared, assigns }: Pipe, [key, element]: readonly [unknown, unknown]): void {
    const values = declared.length === 2 ? [key, element] : [element];
    for (const [index, name] of declared.entries()) this.#bind(name, values[index], assigns);
  }

  #items(value: unknown, { at, commands }: Pipe): (readonly [unknown, unknown])[] {
    switch (kindOf(value)) {
      case 'nil':
      case 'invalid':
        return [];
      case 'list':
        return (value as unknown[]).map((item, index) => [index, item] as const);
      case 'map':
      case 'struct':
        return entriesOf(value as object).sort(([one], [other]) => (one < other ? -1 : 1));
      case 'int':
        return Array.from({ length: Math.max(0, value as number) }, (_, index) => [index, index] as const);
      default:
        return this.#fail(commands[0]?.at ?? at, `range can't iterate over ${formatValue(value)}`);
    }
  }

  #print(value: unknown, { at, commands }: Pipe): void {
    if (typeof value === 'function')
      this.#fail(commands[0]?.at ?? at, "can't print a function: it has arguments");
    this.#output += value === undefined ? '<no value>' : this.#shown(formatValue(value));
  }

  #pipe(pipe: Pipe, dot: unknown, { declare = true } = {}): unknown {
    let value: unknown = NOTHING;
    for (const command of pipe.commands) value = this.#command(command, dot, value);
    if (declare) for (const name of pipe.declared) this.#bind(name, value, pipe.assigns);
    return value;
  }

  #bind(name: string, value: unknown, assigns: boolean): void {
    const known = assigns ? this.#variables.findLast((variable) => variable.name === name) : undefined;
    if (known === undefined) this.#variables.push({ name, value });
    else known.value = value;
  }

  /** `final` is what the command before has made: the last argument of a call. */
  #command({ operands }: TemplateCommand, dot: unknown, final: unknown): unknown {
    const [first, ...rest] = operands as [Operand, ...Operand[]];
    const given = rest.length > 0 || final !== NOTHING;
    switch (first.kind) {
      case 'function':
        return this.#call(first, rest, { dot, final });
      case 'field':
      case 'variable':
      case 'pipe': {
        const value = this.#operand(first, dot, { calls: !given });
        return given && first.kind !== 'pipe'
          ? this.#method(first, value, rest, { dot, final })
          : this.#bare(first, value, given);
      }
      default:
        if (given) this.#fail(first.at, `can't give argument to non-function ${first.text}`, first.text);
        if (first.kind === 'nil') this.#fail(first.at, 'nil is not a command', first.text);
        return this.#operand(first, dot);
    }
  }

  #bare(operand: Operand, value: unknown, given: boolean): unknown {
    if (given) this.#fail(operand.at, `can't give argument to non-function ${operand.text}`, operand.text);
    return value;
  }

  #method(operand: Operand, value: unknown, rest: readonly Operand[], at: Stage): unknown {
    if (typeof value !== 'function') {
      const name = operand.text.slice(operand.text.lastIndexOf('.') + 1);
      this.#fail(operand.at, `${name} has arguments but cannot be invoked as function`, operand.text);
    }
    return this.#invoke(operand, value as (...args: unknown[]) => unknown, this.#arguments(rest, at));
  }

  #arguments(operands: readonly Operand[], { dot, final }: Stage): unknown[] {
    const args = operands.map((operand) => this.#operand(operand, dot));
    return final === NOTHING ? args : [...args, final];
  }

  #call(operand: Operand, rest: readonly Operand[], stage: Stage): unknown {
    const name = operand.text;
    if (name === 'and' || name === 'or') return this.#shortCircuit(operand, rest, stage);
    const args = this.#arguments(rest, stage);
    if (name !== 'call')
      return this.#invoke(operand, this.#functions.get(name) as (...args: unknown[]) => unknown, args);
    const [callee, ...others] = args;
    if (typeof callee !== 'function')
      this.#fail(operand.at, `error calling call: non-function of type ${typeName(callee)}`, name);
    return this.#invoke(operand, callee as (...args: unknown[]) => unknown, others);
  }

  /** The first argument that decides, or the last one; those after it are not evaluated. */
  #shortCircuit(operand: Operand, rest: readonly Operand[], { dot, final }: Stage): unknown {
    const wanted = operand.text === 'or';
    if (rest.length === 0 && final === NOTHING)
      this.#fail(operand.at, `wrong number of args for ${operand.text}: want at least 1 got 0`, operand.text);
    let value: unknown;
    for (const one of rest) {
      value = this.#operand(one, dot);
      if (isTrue(value) === wanted) return value;
    }
    return final === NOTHING ? value : final;
  }

  #invoke(operand: Operand, body: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    try {
      return body(...args);
    } catch (error) {
      if (error instanceof EngineError) throw error;
      const { message } = error as Error;
      const problem =
        error instanceof WrongCall
          ? message.replace('wrong number of args', `$& for ${operand.text}`)
          : `error calling ${operand.text}: ${message}`;
      return this.#fail(operand.at, problem);
    }
  }

  /** `calls`: a method at the end of a chain is called without arguments. */
  #operand(operand: Operand, dot: unknown, { calls = true } = {}): unknown {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'constant':
        return operand.value;
      case 'float':
        return new Float(operand.value);
      case 'function':
        return this.#call(operand, [], { dot, final: NOTHING });
      case 'field':
        return this.#fields(dot, operand, calls);
      case 'variable':
        return this.#fields(
          this.#variables.findLast(({ name }) => name === operand.name)?.value,
          operand,
          calls,
        );
      case 'pipe': {
        const value = this.#scopedValue(() => this.#pipe(operand.pipe, dot));
        return this.#fields(value, operand, calls);
      }
    }
  }

  #scopedValue(body: () => unknown): unknown {
    const scope = this.#variables.length;
    const value = body();
    this.#variables.length = scope;
    return value;
  }

  #fields(start: unknown, operand: Extract<Operand, { names: string[] }>, calls: boolean): unknown {
    return operand.names.reduce((value, name, index) => {
      const member = this.#field(value, name, operand);
      const isLast = index === operand.names.length - 1;
      if (typeof member !== 'function' || (isLast && !calls)) return member;
      return this.#invoke(operand, member as () => unknown, []);
    }, start);
  }

  #field(value: unknown, name: string, { at, text }: Operand): unknown {
    switch (kindOf(value)) {
      case 'invalid':
        return undefined;
      case 'nil':
        return this.#fail(at, `nil pointer evaluating interface {}.${name}`, text);
      case 'map':
        return (value as Record<string, unknown>)[name];
      case 'struct':
        if (Object.hasOwn(value as object, name)) return (value as Record<string, unknown>)[name];
        return this.#fail(at, `map has no entry for key "${name}"`, text);
      default:
        return this.#fail(at, `can't evaluate field ${name} in type ${typeName(value)}`, text);
    }
  }

  #fail(at: number, problem: string, context = this.#contextAt(at)): never {
    const { source } = this.#template;
    const before = source.slice(0, at).split('\n');
    const place = `${before.length}:${Buffer.byteLength(before.at(-1) ?? '')}`;
    const message = `template: :${place}: executing "" at <${context}>: ${problem}`;
    throw new EngineError('invalid', message, { subject: source });
  }

  /** The action's text, for errors that are of no operand. */
  #contextAt(at: number): string {
    return this.#template.source.slice(at).split(/\s*-?\}\}|\|/)[0] ?? '';
  }
}

interface Stage {
  dot: unknown;
  final: unknown;
}
