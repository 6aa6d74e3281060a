import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Configuration } from '@parsec/config';
import { ParsecError } from '@parsec/plugin-sdk';
import { OutgoingClient } from '@parsec/trust';

/**
 * The client for everything that is fetched from issuers, as a configuration asks for it.
 * @throws ParsecError `PARSEC_CONFIGURATION_INVALID` where `outgoing.ca_file` holds no certificates
 */
export async function openOutgoing({ settings, directory }: Configuration): Promise<OutgoingClient> {
  const { ca_file: file, proxy, no_proxy: noProxy } = settings.outgoing;
  return new OutgoingClient({
    ...(file === undefined ? {} : { authorities: await readCertificates(resolve(directory, file)) }),
    ...(proxy === undefined ? {} : { proxy }),
    noProxy,
  });
}

async function readCertificates(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    // Only the first one is looked at here, which is enough to find a wrong file.
    return new X509Certificate(text).ca ? text : refuse("holds a certificate that is not an authority's");
  } catch (error) {
    if (error instanceof ParsecError) throw error;
    return refuse(`cannot be read as PEM certificates (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

function refuse(problem: string): never {
  throw new ParsecError('PARSEC_CONFIGURATION_INVALID', `outgoing.ca_file ${problem}`);
}
