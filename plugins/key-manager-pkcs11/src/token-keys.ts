import { KEY_ID, ParsecError, type JWK, type KeyType, type ManagedKey } from '@parsec/plugin-sdk';
import type { Handle, Template } from 'pkcs11js';
import { isMissingObject } from './cryptoki-error.js';
import { CK, type PrivateKey, type Session } from './cryptoki.js';
import { curveTypeOf, generationOf, pointToJwk, rsaToJwk } from './key-type.js';

const BATCH = 64;

/** A key that parsec made: its label and its CKA_ID are both its identifier. Whatever else is in the token is somebody else's. */
interface NamedObject {
  readonly id: string;
  readonly handle: Handle;
}

/** The keys of which both halves are there, of the types that parsec makes. */
export function listKeys(session: Session): ManagedKey[] {
  const complete = new Set(namedObjects(session, CK.CKO_PRIVATE_KEY).map(({ id }) => id));
  return namedObjects(session, CK.CKO_PUBLIC_KEY).flatMap(({ id, handle }) => {
    const half = complete.has(id) ? ifThere(() => readPublicHalf(session, handle)) : undefined;
    return half === undefined ? [] : [{ id, ...half }];
  });
}

/** @throws ParsecError `PARSEC_KEY_INVALID` where there is no such key of that type */
export function findPrivateKey(session: Session, id: string, type: KeyType): Handle {
  const key = session.privateKeys.get(id) ?? lookUpPrivateKey(session, id);
  if (key === undefined) throw new ParsecError('PARSEC_KEY_INVALID', `there is no key "${id}"`);
  session.privateKeys.set(id, key);
  if (key.type !== type) throw new ParsecError('PARSEC_KEY_INVALID', `the key "${id}" is not of the type ${type}`);
  return key.handle;
}

/**
 * Makes a key that never leaves the token.
 * @throws ParsecError `PARSEC_KEY_INVALID` where the identifier is taken; the reason of `signal` where that aborts meanwhile, and then no key is left
 */
export async function generateKeyPair(session: Session, id: string, type: KeyType, signal: AbortSignal): Promise<ManagedKey> {
  const { cryptoki, handle } = session;
  if (objectsNamed(session, id).length > 0) throw new ParsecError('PARSEC_KEY_INVALID', `the key identifier "${id}" is taken`);
  const { mechanism, attributes } = generationOf(type);
  const pair = await cryptoki.C_GenerateKeyPairAsync(
    handle,
    { mechanism },
    [...nameOf(id), ...PUBLIC_USE, ...attributes],
    [...nameOf(id), ...PRIVATE_USE],
  );
  try {
    // Nobody would know of the key, and room in a token is scarce.
    signal.throwIfAborted();
    const half = readPublicHalf(session, pair.publicKey);
    if (half === undefined) throw new ParsecError('PARSEC_KEY_INVALID', `the token made a key that is not of the type ${type}`);
    return { id, ...half };
  } catch (error) {
    for (const object of [pair.privateKey, pair.publicKey]) cryptoki.C_DestroyObject(handle, object);
    throw error;
  }
}

/** Destroys both halves of a key; what is not there needs no destroying. */
export function destroyKey(session: Session, id: string): void {
  session.privateKeys.delete(id);
  for (const object of objectsNamed(session, id)) ifThere(() => session.cryptoki.C_DestroyObject(session.handle, object));
}

const PUBLIC_USE: Template = [
  { type: CK.CKA_CLASS, value: CK.CKO_PUBLIC_KEY },
  { type: CK.CKA_TOKEN, value: true },
  { type: CK.CKA_PRIVATE, value: false },
  { type: CK.CKA_VERIFY, value: true },
];

const PRIVATE_USE: Template = [
  { type: CK.CKA_CLASS, value: CK.CKO_PRIVATE_KEY },
  { type: CK.CKA_TOKEN, value: true },
  { type: CK.CKA_PRIVATE, value: true },
  { type: CK.CKA_SENSITIVE, value: true },
  { type: CK.CKA_EXTRACTABLE, value: false },
  { type: CK.CKA_SIGN, value: true },
  // Many tokens allow whatever is not forbidden.
  { type: CK.CKA_DECRYPT, value: false },
  { type: CK.CKA_UNWRAP, value: false },
  { type: CK.CKA_DERIVE, value: false },
];

function nameOf(id: string): Template {
  return [
    { type: CK.CKA_LABEL, value: id },
    { type: CK.CKA_ID, value: Buffer.from(id) },
  ];
}

/** Both halves of a key, the private one first: without it the public one is no key of ours. */
function objectsNamed(session: Session, id: string): Handle[] {
  return [CK.CKO_PRIVATE_KEY, CK.CKO_PUBLIC_KEY].flatMap((value) => find(session, [{ type: CK.CKA_CLASS, value }, ...nameOf(id)]));
}

function namedObjects(session: Session, objectClass: number): NamedObject[] {
  const found = find(session, [
    { type: CK.CKA_CLASS, value: objectClass },
    { type: CK.CKA_TOKEN, value: true },
  ]);
  return found.flatMap((handle) => {
    const name = ifThere(() => read(session, handle, CK.CKA_LABEL, CK.CKA_ID));
    const [label, id] = (name ?? []).map((value) => value.toString());
    return label !== undefined && label === id && KEY_ID.test(label) ? [{ id: label, handle }] : [];
  });
}

function lookUpPrivateKey(session: Session, id: string): PrivateKey | undefined {
  const [handle] = find(session, [{ type: CK.CKA_CLASS, value: CK.CKO_PRIVATE_KEY }, ...nameOf(id)]);
  const type = handle && ifThere(() => typeOf(session, handle));
  return handle && type && { handle, type };
}

/** RSA keys of any size are `RSA_2048` here: only the public half tells the size. */
function typeOf(session: Session, key: Handle): KeyType | undefined {
  const [number = Buffer.alloc(0)] = read(session, key, CK.CKA_KEY_TYPE);
  const keyType = number.readUIntLE(0, 4);
  if (keyType === CK.CKK_RSA) return 'RSA_2048';
  if (keyType !== CK.CKK_EC && keyType !== CK.CKK_EC_EDWARDS) return undefined;
  const [parameters = Buffer.alloc(0)] = read(session, key, CK.CKA_EC_PARAMS);
  return curveTypeOf(keyType, parameters);
}

function readPublicHalf(session: Session, key: Handle): { type: KeyType; publicKey: JWK } | undefined {
  const type = typeOf(session, key);
  if (type === undefined) return undefined;
  const none = Buffer.alloc(0);
  if (type === 'RSA_2048') {
    const [modulus = none, exponent = none] = read(session, key, CK.CKA_MODULUS, CK.CKA_PUBLIC_EXPONENT);
    const publicKey = rsaToJwk(modulus, exponent);
    return publicKey && { type, publicKey };
  }
  const [point = none] = read(session, key, CK.CKA_EC_POINT);
  const publicKey = pointToJwk(type, point);
  return publicKey && { type, publicKey };
}

/** The values of attributes, in the order asked for. */
function read({ cryptoki, handle }: Session, object: Handle, ...types: number[]): Buffer[] {
  return cryptoki
    .C_GetAttributeValue(
      handle,
      object,
      types.map((type) => ({ type })),
    )
    .map(({ value }) => value);
}

function find({ cryptoki, handle }: Session, template: Template): Handle[] {
  cryptoki.C_FindObjectsInit(handle, template);
  try {
    const found: Handle[] = [];
    for (;;) {
      const batch = cryptoki.C_FindObjects(handle, BATCH);
      if (batch.length === 0) return found;
      found.push(...batch);
    }
  } finally {
    cryptoki.C_FindObjectsFinal(handle);
  }
}

/** Other processes may destroy objects at any moment: `undefined` for one that is gone. */
function ifThere<Result>(call: () => Result): Result | undefined {
  try {
    return call();
  } catch (error) {
    if (isMissingObject(error)) return undefined;
    throw error;
  }
}
