import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as pkcs11 from 'pkcs11js';
import { peer } from '../peers.js';

/** What specs need for {@link initToken} and {@link whileToken}. */
export const SOFTHSM_PEERS = ['softhsm2', 'softhsm2-util', 'softhsm2-conf', 'pkcs11-faults', 'pkcs11-faults-directory'];

export const PIN = 'user-pin';

const run = promisify(execFile);

/** Makes a token. The module sees it once it is initialised anew, which is when its last user has closed it. */
export async function initToken(label: string): Promise<void> {
  await util('--init-token', '--free', '--label', label, '--so-pin', 'so-pin', '--pin', PIN);
}

/** Takes the token away, with all its keys. */
export async function deleteToken(label: string): Promise<void> {
  await util('--delete-token', '--token', label);
}

/** Runs `action` while a function of the module in this process fails: `stall`, a number in hexadecimal, or `once` and such a number; see
 * pkcs11-faults.c. */
export async function whileToken<Result>(name: string, does: string, action: () => Promise<Result>): Promise<Result> {
  const file = faultFile(name);
  writeFileSync(file, does);
  try {
    return await action();
  } finally {
    rmSync(file, { force: true });
  }
}

/** How many times a function of the module was called in this process so far. */
export function callsOf(name: string): number {
  const calls = readFileSync(faultFile('calls'), { encoding: 'utf8', flag: 'a+' });
  return calls.split('\n').filter((line) => line === name).length;
}

function faultFile(name: string): string {
  return join(peer('pkcs11-faults-directory') ?? '', `${process.pid}.${name}`);
}

async function util(...command: string[]): Promise<void> {
  await run(peer('softhsm2-util') ?? '', command);
}

/** What a token says of a key. */
export interface KeyObject {
  readonly token: boolean;
  readonly private: boolean;
  readonly sensitive: boolean;
  readonly extractable: boolean;
  readonly sign: boolean;
  readonly decrypt: boolean;
  readonly unwrap: boolean;
  readonly derive: boolean;
}

/** The tokens of a label. */
export function tokensNamed(label: string): { serial: string; slot: number }[] {
  return withModule((cryptoki) =>
    slotsOf(cryptoki, label).map((slot) => ({ serial: cryptoki.C_GetTokenInfo(slot).serialNumber.trim(), slot: slot.readUIntLE(0, 6) })),
  );
}

/** The keys of one class in a token. Those that say nothing of a use do not have it. */
export function objectsIn(label: string, which: 'private' | 'public'): KeyObject[] {
  return withToken(label, (cryptoki, session) =>
    objects(cryptoki, session, which).map((object) => {
      const is = (type: number): boolean => {
        try {
          return cryptoki.C_GetAttributeValue(session, object, [{ type }])[0]?.value[0] === 1;
        } catch {
          return false;
        }
      };
      return {
        token: is(pkcs11.CKA_TOKEN),
        private: is(pkcs11.CKA_PRIVATE),
        sensitive: is(pkcs11.CKA_SENSITIVE),
        extractable: is(pkcs11.CKA_EXTRACTABLE),
        sign: is(pkcs11.CKA_SIGN),
        decrypt: is(pkcs11.CKA_DECRYPT),
        unwrap: is(pkcs11.CKA_UNWRAP),
        derive: is(pkcs11.CKA_DERIVE),
      };
    }),
  );
}

/** Makes a key pair on P-256 with a label and a CKA_ID, as other programs do. */
export function makeForeignKey(token: string, { label, id }: { label: string; id: string }): void {
  const name = [
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_LABEL, value: label },
    { type: pkcs11.CKA_ID, value: Buffer.from(id) },
  ];
  const curve = { type: pkcs11.CKA_EC_PARAMS, value: Buffer.from('06082a8648ce3d030107', 'hex') };
  withToken(token, (cryptoki, session) => {
    cryptoki.C_GenerateKeyPair(session, { mechanism: pkcs11.CKM_EC_KEY_PAIR_GEN }, [...name, curve], name);
  });
}

/** Destroys every key in a token, as another program may at any time. */
export function destroyObjects(label: string): void {
  withToken(label, (cryptoki, session) => {
    const all = [...objects(cryptoki, session, 'private'), ...objects(cryptoki, session, 'public')];
    for (const object of all) cryptoki.C_DestroyObject(session, object);
  });
}

function objects(cryptoki: pkcs11.PKCS11, session: pkcs11.Handle, which: 'private' | 'public'): pkcs11.Handle[] {
  const value = which === 'private' ? pkcs11.CKO_PRIVATE_KEY : pkcs11.CKO_PUBLIC_KEY;
  cryptoki.C_FindObjectsInit(session, [{ type: pkcs11.CKA_CLASS, value }]);
  const found = cryptoki.C_FindObjects(session, 100);
  cryptoki.C_FindObjectsFinal(session);
  return found;
}

function slotsOf(cryptoki: pkcs11.PKCS11, label: string): pkcs11.Handle[] {
  return cryptoki.C_GetSlotList(true).filter((slot) => cryptoki.C_GetTokenInfo(slot).label.trim() === label);
}

function withToken<Result>(label: string, action: (cryptoki: pkcs11.PKCS11, session: pkcs11.Handle) => Result): Result {
  return withModule((cryptoki) => {
    const [slot] = slotsOf(cryptoki, label);
    if (slot === undefined) throw new Error(`there is no token ${label}`);
    const session = cryptoki.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
    try {
      ignoring('CKR_USER_ALREADY_LOGGED_IN', () => cryptoki.C_Login(session, pkcs11.CKU_USER, PIN));
      return action(cryptoki, session);
    } finally {
      cryptoki.C_CloseSession(session);
    }
  });
}

/** SoftHSM itself, which an instance under test may have initialised. */
function withModule<Result>(action: (cryptoki: pkcs11.PKCS11) => Result): Result {
  const cryptoki = new pkcs11.PKCS11();
  cryptoki.load(peer('softhsm2') ?? '');
  const initialised = ignoring('CKR_CRYPTOKI_ALREADY_INITIALIZED', () => cryptoki.C_Initialize());
  try {
    return action(cryptoki);
  } finally {
    if (initialised) cryptoki.C_Finalize();
  }
}

/** @returns whether the call succeeded */
function ignoring(message: string, call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if ((error as Error).message !== message) throw error;
    return false;
  }
}
