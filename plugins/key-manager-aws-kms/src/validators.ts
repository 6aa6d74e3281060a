import { isLoopbackHost } from '@parsec/plugin-sdk';
import { registerDecorator } from 'class-validator';
import { RESERVED_TAGS } from './tags.js';

/** The characters that KMS takes in names and values of tags. */
const TAG_TEXT = /^[\p{L}\p{N} _.:/=+\-@]*$/u;
/** KMS takes 50 tags a key. */
const MOST_TAGS = 50 - RESERVED_TAGS.length;

/** An https URL, or http on loopback, without credentials, query and fragment. */
export const IsEndpoint = rule(isEndpoint, 'expected an https URL (http only on a loopback host) without user, query and fragment');

/** Names and values as KMS takes them, and none that parsec or AWS sets. */
export const IsTags = rule(
  (value) => value instanceof Map && value.size <= MOST_TAGS && [...value].every(([name, text]) => isTag(name, text)),
  `expected at most ${MOST_TAGS} tags, names of 1 to 128 and values of up to 256 of the characters that KMS takes; ${RESERVED_TAGS.join(', ')} and aws: are taken`,
);

function isEndpoint(value: unknown): boolean {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

function isTag(name: unknown, text: unknown): boolean {
  if (typeof name !== 'string' || typeof text !== 'string') return false;
  if (name === '' || name.length > 128 || text.length > 256 || !TAG_TEXT.test(name) || !TAG_TEXT.test(text)) return false;
  return !RESERVED_TAGS.includes(name) && !name.toLowerCase().startsWith('aws:');
}

function rule(validate: (value: unknown) => boolean, expected: string): () => PropertyDecorator {
  return () => (target, propertyKey) => {
    registerDecorator({
      name: 'fits',
      target: target.constructor,
      propertyName: String(propertyKey),
      validator: { validate, defaultMessage: () => expected },
    });
  };
}
