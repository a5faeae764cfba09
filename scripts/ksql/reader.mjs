import { RESERVED, SqlFault } from './tokens.mjs';

/** Walks over tokens; every parser of a part of a statement is given one. */
export class Reader {
  constructor(tokens) {
    this.tokens = tokens;
    this.at = 0;
  }

  get token() {
    return this.tokens[this.at];
  }

  get atEnd() {
    return this.token.type === 'end';
  }

  isWord(...words) {
    return words.every((word, ahead) => {
      const token = this.tokens[this.at + ahead];
      return token?.type === 'word' && token.name === word;
    });
  }

  isSign(sign) {
    return this.token.type === 'sign' && this.token.text === sign;
  }

  takeWord(...words) {
    if (!this.isWord(...words)) return false;
    this.at += words.length;
    return true;
  }

  takeSign(sign) {
    if (!this.isSign(sign)) return false;
    this.at += 1;
    return true;
  }

  fail(expected) {
    throw new SqlFault('syntax', `expected ${expected}, found ${this.token.text}`, this.token);
  }

  needWord(...words) {
    if (!this.takeWord(...words)) this.fail(words.join(' '));
  }

  needSign(sign) {
    if (!this.takeSign(sign)) this.fail(sign);
  }

  need(type, what) {
    const { token } = this;
    if (token.type !== type) this.fail(what);
    this.at += 1;
    return token;
  }

  /** A name as ksqlDB sees it: upper case, or exactly what stands in backticks. */
  identifier(what = 'a name') {
    const { token } = this;
    if (token.type === 'word' && RESERVED.has(token.name)) {
      throw new SqlFault(
        'reserved-word',
        `${token.text} is a reserved word; as a name write \`${token.name}\``,
        token,
      );
    }
    if (token.type !== 'word' && token.type !== 'name') this.fail(what);
    this.at += 1;
    return token.name;
  }

  list(part) {
    const parts = [part()];
    while (this.takeSign(',')) parts.push(part());
    return parts;
  }

  /** After an error: continues after the next semicolon. */
  skipStatement() {
    while (!this.atEnd && !this.isSign(';')) this.at += 1;
    this.takeSign(';');
  }
}
