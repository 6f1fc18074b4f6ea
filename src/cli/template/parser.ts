import { lexTemplate, type Token, templateError } from './lexer.ts';

/** A template of Go's text/template as a tree. Places (`at`) are characters from its start. */
export interface ParsedTemplate {
  source: string;
  nodes: readonly TemplateNode[];
}

export type TemplateNode =
  | { kind: 'text'; text: string }
  | { kind: 'action'; pipe: Pipe }
  | { kind: 'if' | 'with' | 'range'; pipe: Pipe; body: TemplateNode[]; otherwise: TemplateNode[] }
  | { kind: 'break' | 'continue' };

/** Commands whose result is the last argument of the next. `declared` are variables that get the value. */
export interface Pipe {
  at: number;
  declared: string[];
  /** `=`: the variables are there already. */
  assigns: boolean;
  commands: TemplateCommand[];
}

export interface TemplateCommand {
  at: number;
  operands: Operand[];
}

export type Operand =
  | { kind: 'dot' | 'nil'; at: number; text: string }
  | { kind: 'field'; at: number; text: string; names: string[] }
  | { kind: 'variable'; at: number; text: string; name: string; names: string[] }
  | { kind: 'function'; at: number; text: string }
  | { kind: 'constant'; at: number; text: string; value: string | boolean | number }
  /** A number that is written with a dot or an exponent. */
  | { kind: 'float'; at: number; text: string; value: number }
  | { kind: 'pipe'; at: number; text: string; pipe: Pipe; names: string[] };

const UNSUPPORTED = new Set(['define', 'template', 'block']);

/** Reads a template. `functions` are the names that it may call. Throws `invalid`, with the place. */
export function parseGoTemplate(source: string, functions: ReadonlySet<string>): ParsedTemplate {
  return new Parser(source, functions).parse();
}

type Terminator = 'end' | 'else' | 'end of template';

class Parser {
  readonly #source: string;
  readonly #functions: ReadonlySet<string>;
  readonly #tokens: readonly Token[];
  #next = 0;
  /** Variables in scope, innermost last. */
  readonly #variables: string[] = ['$'];
  #loops = 0;

  constructor(source: string, functions: ReadonlySet<string>) {
    this.#source = source;
    this.#functions = functions;
    this.#tokens = lexTemplate(source);
  }

  parse(): ParsedTemplate {
    const { nodes, terminator } = this.#list();
    if (terminator !== 'end of template') this.#fail(this.#peek(-1), `unexpected {{${terminator}}}`);
    return { source: this.#source, nodes };
  }

  /** Nodes up to `{{end}}`, `{{else` (whose rest is still to be read) or the end of the template. */
  #list(): { nodes: TemplateNode[]; terminator: Terminator } {
    const nodes: TemplateNode[] = [];
    for (;;) {
      const token = this.#take();
      if (token.kind === 'end') return { nodes, terminator: 'end of template' };
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text });
        continue;
      }
      const word = this.#peek();
      if (word.kind === 'word' && (word.text === 'end' || word.text === 'else')) {
        this.#take();
        if (word.text === 'end') this.#right('end');
        return { nodes, terminator: word.text };
      }
      nodes.push(this.#action());
    }
  }

  #action(): TemplateNode {
    const token = this.#peek();
    const word = token.kind === 'word' ? token.text : '';
    if (word === 'if' || word === 'with' || word === 'range') {
      this.#take();
      return this.#block(word);
    }
    if (word === 'break' || word === 'continue') {
      this.#take();
      if (this.#loops === 0) this.#fail(token, `{{${word}}} outside {{range}}`);
      this.#right(word);
      return { kind: word };
    }
    if (UNSUPPORTED.has(word)) this.#fail(token, `{{${word}}} is not supported here`);
    const pipe = this.#pipe('command', { declares: 1 });
    this.#right('command');
    return { kind: 'action', pipe };
  }

  #block(kind: 'if' | 'with' | 'range'): TemplateNode {
    const scope = this.#variables.length;
    const pipe = this.#pipe(kind, { declares: kind === 'range' ? 2 : 1 });
    this.#right(kind);
    if (kind === 'range') this.#loops += 1;
    const { nodes: body, terminator } = this.#list();
    if (kind === 'range') this.#loops -= 1;
    const otherwise = this.#otherwise(kind, terminator);
    this.#variables.length = scope;
    return { kind, pipe, body, otherwise };
  }

  #otherwise(kind: 'if' | 'with' | 'range', terminator: Terminator): TemplateNode[] {
    if (terminator === 'end') return [];
    if (terminator === 'end of template') return this.#fail(this.#peek(-1), 'unexpected EOF');
    const word = this.#peek();
    if (kind !== 'range' && word.kind === 'word' && word.text === kind) {
      this.#take();
      return [this.#block(kind)];
    }
    this.#right('else');
    const { nodes, terminator: last } = this.#list();
    if (last === 'else') this.#fail(this.#peek(-1), 'expected end; found {{else}}');
    if (last !== 'end') this.#fail(this.#peek(-1), 'unexpected EOF');
    return nodes;
  }

  #pipe(context: string, { declares }: { declares: number }): Pipe {
    const at = this.#peek().at;
    const { names, assigns } = this.#declarations(context, declares);
    const commands = [this.#command(context)];
    while (this.#isSymbol('|')) {
      this.#take();
      commands.push(this.#command(context));
    }
    this.#checkStages(commands);
    if (!assigns) this.#variables.push(...names);
    return { at, declared: names, assigns, commands };
  }

  /** `$x :=`, `$x =`, and in a range `$i, $x :=`. */
  #declarations(context: string, most: number): { names: string[]; assigns: boolean } {
    const start = this.#next;
    const names: string[] = [];
    while (this.#peek().kind === 'variable') {
      const variable = this.#take();
      names.push(variable.text);
      const symbol = this.#peek();
      if (symbol.text === ',' && most === 2 && names.length === 1) {
        this.#take();
        continue;
      }
      if (symbol.kind !== 'symbol' || (symbol.text !== ':=' && symbol.text !== '=')) break;
      this.#take();
      const assigns = symbol.text === '=';
      for (const name of assigns ? names : [])
        if (!this.#variables.includes(name)) this.#fail(variable, `undefined variable "${name}"`);
      return { names, assigns };
    }
    if (names.length === 2) this.#fail(this.#peek(), `unexpected ${shown(this.#peek())} in ${context}`);
    this.#next = start;
    return { names: [], assigns: false };
  }

  /** Checks that each command after the first is one that can be called: it gets a value as its last argument. */
  #checkStages(commands: readonly TemplateCommand[]): void {
    for (const [index, command] of commands.slice(1).entries()) {
      const [first] = command.operands;
      if (
        first?.kind === 'constant' ||
        first?.kind === 'float' ||
        first?.kind === 'dot' ||
        first?.kind === 'nil'
      )
        this.#failAt(first.at, `non executable command in pipeline stage ${index + 2}`);
    }
  }

  #command(context: string): TemplateCommand {
    const { at } = this.#peek();
    const operands: Operand[] = [];
    for (;;) {
      const token = this.#peek();
      if (operands.length > 0 && !token.spaced && token.kind !== 'right' && token.kind !== 'symbol')
        this.#fail(token, `unexpected ${shown(token)} in operand`);
      const operand = this.#operand();
      if (operand === undefined) break;
      operands.push(operand);
    }
    const token = this.#peek();
    if (operands.length === 0) {
      const what =
        token.kind === 'right' ? `missing value for ${context}` : `unexpected ${shown(token)} in ${context}`;
      this.#fail(token, token.kind === 'end' || token.kind === 'text' ? 'unclosed action' : what);
    }
    if (token.kind !== 'right' && !this.#isSymbol('|') && !this.#isSymbol(')'))
      this.#fail(token, `unexpected ${shown(token)} in ${context}`);
    return { at, operands };
  }

  /** A term and the fields that are chained to it; undefined where none begins. */
  #operand(): Operand | undefined {
    const term = this.#term();
    if (term === undefined) return undefined;
    const first = this.#peek();
    const names = this.#chain();
    if (names.length === 0) return term;
    const text = `${term.text}.${names.join('.')}`;
    if (term.kind === 'field' || term.kind === 'variable' || term.kind === 'pipe')
      return { ...term, text, at: first.at, names: [...term.names, ...names] };
    return this.#fail(first, `unexpected . after term "${term.text}"`);
  }

  #chain(): string[] {
    const names: string[] = [];
    while (this.#peek().kind === 'field' && !this.#peek().spaced) names.push(this.#take().text);
    return names;
  }

  #term(): Operand | undefined {
    const token = this.#peek();
    const { at, text } = token;
    switch (token.kind) {
      case 'word':
        this.#take();
        return this.#word(token);
      case 'dot':
        this.#take();
        return { kind: 'dot', at, text };
      case 'field':
        this.#take();
        return { kind: 'field', at, text: `.${text}`, names: [text] };
      case 'variable':
        this.#take();
        if (!this.#variables.includes(text)) this.#fail(token, `undefined variable "${text}"`);
        return { kind: 'variable', at, text, name: text, names: [] };
      case 'number':
        this.#take();
        return this.#number(token);
      case 'character':
        this.#take();
        if ([...text].length !== 1) this.#fail(token, `malformed character constant: '${text}'`);
        return { kind: 'constant', at, text: `'${text}'`, value: text.codePointAt(0) ?? 0 };
      case 'string':
        this.#take();
        return { kind: 'constant', at, text: JSON.stringify(text), value: text };
      case 'symbol':
        return text === '(' ? this.#parenthesised() : undefined;
      default:
        return undefined;
    }
  }

  #word(token: Token): Operand {
    const { at, text } = token;
    if (text === 'true' || text === 'false') return { kind: 'constant', at, text, value: text === 'true' };
    if (text === 'nil') return { kind: 'nil', at, text };
    if (!this.#functions.has(text)) this.#fail(token, `function "${text}" not defined`);
    return { kind: 'function', at, text };
  }

  #number(token: Token): Operand {
    const { at, text } = token;
    const digits = text.replaceAll('_', '');
    const negative = digits.startsWith('-');
    const plain = digits.replace(/^[+-]/, '').replace(/^0(?=\d+$)/, '0o');
    const size = Number(plain);
    if (!Number.isFinite(size)) this.#fail(token, `bad number syntax: "${text}"`);
    const value = negative ? -size : size;
    const isFloat = /[.eE]/.test(plain) && !/^0[xX]/.test(plain);
    return isFloat ? { kind: 'float', at, text, value } : { kind: 'constant', at, text, value };
  }

  #parenthesised(): Operand {
    const open = this.#take();
    const pipe = this.#pipe('parenthesized pipeline', { declares: 0 });
    if (!this.#isSymbol(')')) this.#fail(this.#peek(), 'unclosed left paren');
    const close = this.#take();
    const text = this.#source.slice(open.at, close.at + 1);
    return { kind: 'pipe', at: open.at, text, pipe, names: [] };
  }

  #isSymbol(text: string): boolean {
    const token = this.#peek();
    return token.kind === 'symbol' && token.text === text;
  }

  #right(context: string): void {
    const token = this.#take();
    if (token.kind !== 'right') this.#fail(token, `unexpected ${shown(token)} in ${context}`);
  }

  #peek(offset = 0): Token {
    return this.#tokens[Math.min(this.#next + offset, this.#tokens.length - 1)] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #fail(token: Token, problem: string): never {
    return this.#failAt(token.at, problem);
  }

  #failAt(at: number, problem: string): never {
    throw templateError(this.#source, at, problem);
  }
}

function shown({ kind, text }: Token): string {
  if (kind === 'end') return 'EOF';
  return kind === 'field' ? `<.${text}>` : JSON.stringify(text);
}
