import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** Marks texts as coming from somebody who knows the secret, so that who can write to a store cannot make them up. */
export class Seal {
  readonly #key: Buffer;

  /** @param secret at least 32 characters; what is done with it is bound to `purpose` */
  constructor(secret: string, purpose: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', `parsec ${purpose}`, 32));
  }

  /** @param place where the text belongs; at another place it is not valid */
  close(place: readonly string[], text: string): string {
    return `${this.#mac(place, text)}.${text}`;
  }

  /** The text, or `undefined` where it was not sealed with this secret for this place. */
  open(place: readonly string[], sealed: string): string | undefined {
    const dot = sealed.indexOf('.');
    const text = sealed.slice(dot + 1);
    const [given, right] = [Buffer.from(sealed.slice(0, Math.max(dot, 0))), Buffer.from(this.#mac(place, text))];
    return given.length === right.length && timingSafeEqual(given, right) ? text : undefined;
  }

  /** A name for a text that only who knows the secret can make. */
  digest(text: string): string {
    return this.#mac(['digest'], text);
  }

  #mac(place: readonly string[], text: string): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([...place, text]))
      .digest('base64url');
  }
}
