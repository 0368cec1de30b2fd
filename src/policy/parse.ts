/** Text to syntax tree. Throws Fault `invalid` that names the column. What it takes is bounded by limits.ts. */
import { Fault } from '../base/fault.ts';
import type { CompareOp, Expression, FunctionName, Place, Scope } from './expression.ts';
import { MAX_EXISTS, MAX_EXPRESSION_CHARS, MAX_EXPRESSION_DEPTH, MAX_LIST_ITEMS } from './limits.ts';

interface Token {
  kind: 'number' | 'string' | 'name' | 'symbol' | 'end';
  text: string;
  at: number;
}

const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(==|!=|<=|>=|&&|\|\||[<>!()[\],-]))/y;
const SCOPES: ReadonlySet<string> = new Set<Scope>(['auth', 'data', 'existing', 'input', 'row']);
const FUNCTIONS: ReadonlySet<string> = new Set<FunctionName>([
  'auth.hasRole',
  'auth.hasAnyRole',
  'startsWith',
]);
/** Half of a surrogate pair alone: no database keeps it, so it could compare otherwise there. */
const LONE_SURROGATE = /\p{Cs}/u;
const COMPARE: ReadonlySet<string> = new Set<CompareOp>(['==', '!=', '<', '<=', '>', '>=', 'in']);

export function parseExpression(text: string): Expression {
  if (text.length > MAX_EXPRESSION_CHARS) {
    const column = MAX_EXPRESSION_CHARS + 1;
    throw new Fault('invalid', `more than ${MAX_EXPRESSION_CHARS} characters at column ${column}`, {
      column,
    });
  }
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;
  #exists = 0;

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
    if (++this.#depth > MAX_EXPRESSION_DEPTH) this.#fail('nested too deeply', this.#peek().at);
    const first = this.#peek();
    let left = this.#and();
    for (let token = this.#peek(); this.#take('||'); token = this.#peek()) {
      left = { kind: 'or', left, right: this.#and(), ...this.#place(first, token) };
    }
    this.#depth--;
    return left;
  }

  #and(): Expression {
    const first = this.#peek();
    let left = this.#comparison();
    for (let token = this.#peek(); this.#take('&&'); token = this.#peek()) {
      left = { kind: 'and', left, right: this.#comparison(), ...this.#place(first, token) };
    }
    return left;
  }

  #comparison(): Expression {
    const first = this.#peek();
    const left = this.#unary();
    const token = this.#peek();
    if (!COMPARE.has(token.text) || token.kind === 'string') return left;
    this.#next++;
    const op = token.text as CompareOp;
    return { kind: 'compare', op, left, right: this.#unary(), ...this.#place(first, token) };
  }

  #unary(): Expression {
    const first = this.#peek();
    if (!this.#take('!')) return this.#primary();
    if (++this.#depth > MAX_EXPRESSION_DEPTH) this.#fail('nested too deeply', first.at);
    const operand = this.#unary();
    this.#depth--;
    return { kind: 'not', operand, ...this.#place(first) };
  }

  #primary(): Expression {
    const token = this.#tokens[this.#next++]!;
    const { text } = token;
    if (token.kind === 'number') return this.#number(token, 1);
    if (token.kind === 'string') return this.#string(token);
    if (token.kind === 'name') return this.#name(token);
    if (text === '-' && this.#peek().kind === 'number') {
      this.#next++;
      return this.#number(token, -1);
    }
    if (text === '(') {
      const inner = this.#or();
      this.#expect(')');
      return inner;
    }
    if (text === '[') return { kind: 'list', items: this.#items(']'), ...this.#place(token) };
    return this.#fail(
      token.kind === 'end' ? 'the expression ends too early' : `unexpected ${JSON.stringify(text)}`,
      token.at,
    );
  }

  /** The token before the next one is the number; `first` is it, or the sign before it. */
  #number(first: Token, sign: 1 | -1): Expression {
    const value = sign * Number(this.#tokens[this.#next - 1]!.text);
    if (!Number.isFinite(value)) this.#fail('a number too large', first.at);
    return { kind: 'literal', value, ...this.#place(first) };
  }

  #string(token: Token): Expression {
    const value = unquote(token.text);
    if (LONE_SURROGATE.test(value)) this.#fail('half of a surrogate pair', token.at);
    return { kind: 'literal', value, ...this.#place(token) };
  }

  #name(token: Token): Expression {
    const { text, at } = token;
    const place = this.#place(token);
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true', ...place };
    if (text === 'null') return { kind: 'literal', value: null, ...place };
    if (text === 'now') return { kind: 'now', ...place };
    if (text === 'exists') return this.#existence(token);
    if (FUNCTIONS.has(text)) {
      this.#expect('(');
      const name = text as FunctionName;
      return { kind: 'call', name, args: this.#items(')'), ...this.#place(token) };
    }
    const [scope, name, ...more] = text.split('.');
    if (!SCOPES.has(scope!) || name === undefined || more.length > 0)
      return this.#fail(`unknown name ${text}`, at);
    return { kind: 'path', scope: scope as Scope, name, ...place };
  }

  #existence(token: Token): Expression {
    if (++this.#exists > MAX_EXISTS) this.#fail(`more than ${MAX_EXISTS} exists`, token.at);
    this.#expect('(');
    const { kind, text: entity, at } = this.#tokens[this.#next++]!;
    if (kind !== 'name') this.#fail('exists takes the name of an entity', at);
    const word = this.#peek();
    if (word.kind !== 'name' || word.text !== 'where') this.#fail('expected "where"', word.at);
    this.#next++;
    const where = this.#or();
    this.#expect(')');
    return { kind: 'exists', entity, where, ...this.#place(token) };
  }

  #items(close: string): Expression[] {
    const items: Expression[] = [];
    if (this.#take(close)) return items;
    do {
      if (items.length === MAX_LIST_ITEMS) this.#fail(`more than ${MAX_LIST_ITEMS} items`, this.#peek().at);
      items.push(this.#or());
    } while (this.#take(','));
    this.#expect(close);
    return items;
  }

  /** From `first` to the token before the next one; messages name the column of `named`. */
  #place(first: Token, named: Token = first): Place {
    const last = this.#tokens[this.#next - 1]!;
    return { at: named.at, start: first.at - 1, end: last.at - 1 + last.text.length };
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
