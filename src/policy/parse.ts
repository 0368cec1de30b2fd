/** Text to syntax tree. Throws Fault `invalid` that names the column. Depth is capped. */
import { Fault } from '../base/fault.ts';
import type { CompareOp, Expression, FunctionName, Scope } from './expression.ts';

interface Token {
  kind: 'number' | 'string' | 'name' | 'symbol' | 'end';
  text: string;
  at: number;
}

const MAX_DEPTH = 32;
const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(==|!=|<=|>=|&&|\|\||[<>!()[\],-]))/y;
const SCOPES: ReadonlySet<string> = new Set<Scope>(['auth', 'data', 'existing', 'input']);
const FUNCTIONS: ReadonlySet<string> = new Set<FunctionName>([
  'auth.hasRole',
  'auth.hasAnyRole',
  'startsWith',
]);
const COMPARE: ReadonlySet<string> = new Set<CompareOp>(['==', '!=', '<', '<=', '>', '>=', 'in']);

export function parseExpression(text: string): Expression {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  parse(): Expression {
    const expression = this.#or();
    const token = this.#peek();
    if (token.kind !== 'end') this.#fail(`unexpected ${JSON.stringify(token.text)}`, token.at);
    return expression;
  }

  #or(): Expression {
    if (++this.#depth > MAX_DEPTH) this.#fail('nested too deeply', this.#peek().at);
    let left = this.#and();
    for (let token = this.#peek(); this.#take('||'); token = this.#peek()) {
      left = { kind: 'or', left, right: this.#and(), at: token.at };
    }
    this.#depth--;
    return left;
  }

  #and(): Expression {
    let left = this.#comparison();
    for (let token = this.#peek(); this.#take('&&'); token = this.#peek()) {
      left = { kind: 'and', left, right: this.#comparison(), at: token.at };
    }
    return left;
  }

  #comparison(): Expression {
    const left = this.#unary();
    const token = this.#peek();
    if (!COMPARE.has(token.text) || token.kind === 'string') return left;
    this.#next++;
    return { kind: 'compare', op: token.text as CompareOp, left, right: this.#unary(), at: token.at };
  }

  #unary(): Expression {
    const { at } = this.#peek();
    if (!this.#take('!')) return this.#primary();
    if (++this.#depth > MAX_DEPTH) this.#fail('nested too deeply', at);
    const operand = this.#unary();
    this.#depth--;
    return { kind: 'not', operand, at };
  }

  #primary(): Expression {
    const token = this.#tokens[this.#next++]!;
    const { at, text } = token;
    if (token.kind === 'number') return { kind: 'literal', value: Number(text), at };
    if (token.kind === 'string') return { kind: 'literal', value: unquote(text), at };
    if (token.kind === 'name') return this.#name(text, at);
    if (text === '-' && this.#peek().kind === 'number') {
      return { kind: 'literal', value: -Number(this.#tokens[this.#next++]!.text), at };
    }
    if (text === '(') {
      const inner = this.#or();
      this.#expect(')');
      return inner;
    }
    if (text === '[') return { kind: 'list', items: this.#items(']'), at };
    return this.#fail(
      token.kind === 'end' ? 'the expression ends too early' : `unexpected ${JSON.stringify(text)}`,
      at,
    );
  }

  #name(text: string, at: number): Expression {
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true', at };
    if (text === 'null') return { kind: 'literal', value: null, at };
    if (text === 'now') return { kind: 'now', at };
    if (FUNCTIONS.has(text)) {
      this.#expect('(');
      return { kind: 'call', name: text as FunctionName, args: this.#items(')'), at };
    }
    const [scope, name, ...more] = text.split('.');
    if (!SCOPES.has(scope!) || name === undefined || more.length > 0)
      return this.#fail(`unknown name ${text}`, at);
    return { kind: 'path', scope: scope as Scope, name, at };
  }

  #items(close: string): Expression[] {
    const items: Expression[] = [];
    if (this.#take(close)) return items;
    do items.push(this.#or());
    while (this.#take(','));
    this.#expect(close);
    return items;
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #take(symbol: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'symbol' || token.text !== symbol) return false;
    this.#next++;
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) this.#fail(`expected ${JSON.stringify(symbol)}`, this.#peek().at);
  }

  #fail(message: string, at: number): never {
    throw new Fault('invalid', `${message} at column ${at} of ${JSON.stringify(this.#text)}`, { column: at });
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    end = TOKEN.lastIndex;
    const [, number, string, name, symbol] = match;
    const token = (number ?? string ?? name ?? symbol)!;
    const kind =
      number !== undefined
        ? 'number'
        : string !== undefined
          ? 'string'
          : name !== undefined
            ? 'name'
            : 'symbol';
    tokens.push({ kind, text: token, at: end - token.length + 1 });
  }
  if (text.slice(end).trim() !== '') {
    const at = end + (text.slice(end).length - text.slice(end).trimStart().length) + 1;
    throw new Fault('invalid', `unexpected character at column ${at} of ${JSON.stringify(text)}`, {
      column: at,
    });
  }
  tokens.push({ kind: 'end', text: '', at: text.length + 1 });
  return tokens;
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}
