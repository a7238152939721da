// What can go wrong, by whose fault it is. Anything else that is thrown is a bug.

/** The input's: it cannot be used. `code` says why, `place` where in it, if it has places. */
export class InputError extends Error {
  /**
   * @param {string} code
   * @param {string | null} [place]
   */
  constructor(code, place = null) {
    super(place === null ? code : `${code} (at ${place})`);
    this.name = "InputError";
    this.code = code;
    this.place = place;
  }
}

/** The world's: could not ask. Never means no, and never yes. `code` says why. */
export class UnavailableError extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.name = "UnavailableError";
    this.code = code;
  }
}

/** The node's own error, in its own words. Unless a caller knows better: could not ask. */
export class RpcError extends UnavailableError {
  /**
   * @param {number} number
   * @param {string} text
   */
  constructor(number, text) {
    super("node-error");
    this.name = "RpcError";
    this.number = number;
    this.text = text;
  }
}

/** Several nodes were asked and did not say the same. `answers` is what each said, in order. */
export class DisagreementError extends UnavailableError {
  /** @param {string[]} answers */
  constructor(answers) {
    super("nodes-disagree");
    this.name = "DisagreementError";
    this.answers = answers;
  }
}
