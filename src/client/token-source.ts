/**
 * The token of the engine: a text, none, or a function that is asked once and again when the server refuses
 * what it gave. The function learns which token was refused, so that it can make a new one.
 */
export type TokenOption = string | null | ((refused: string | null | undefined) => Promise<string | null>);

export class TokenSource {
  #option: TokenOption;
  /** `renewed`: it was asked for because another was refused. */
  #known: { token: string | null; renewed: boolean } | undefined;
  #refused: { token: string | null } | undefined;

  constructor(option: TokenOption) {
    this.#option = option;
  }

  /** The token, where nobody has to be asked for it. */
  get constant(): string | null | undefined {
    return typeof this.#option === 'function' ? undefined : this.#option;
  }

  async get(): Promise<string | null> {
    if (typeof this.#option !== 'function') return this.#option;
    if (this.#known) return this.#known.token;
    const option = this.#option;
    const renewed = this.#refused !== undefined;
    const token = await option(this.#refused?.token);
    if (this.#option !== option) return this.get();
    this.#known = { token, renewed };
    return token;
  }

  /**
   * The server did not take `token`; a function is asked again by the next `get`. True: that is worth a try
   * now. False: there is no function, or this was its second answer, so wait a while before asking again.
   */
  refuse(token: string | null): boolean {
    const known = this.#known;
    if (known?.token !== token) return false;
    this.#known = undefined;
    this.#refused = { token };
    return !known.renewed;
  }

  /** The server took the token. */
  accept(): void {
    this.#refused = undefined;
    if (this.#known) this.#known.renewed = false;
  }

  /** Asks the function again, by the next `get`, though nothing was refused. */
  forget(): void {
    this.#known = undefined;
  }

  /** False: it was this one already. */
  set(option: TokenOption): boolean {
    if (option === this.#option) return false;
    this.#option = option;
    this.#known = undefined;
    this.#refused = undefined;
    return true;
  }
}
