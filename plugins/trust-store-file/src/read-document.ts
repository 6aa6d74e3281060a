import {
  checkOptions,
  isJsonObject,
  OptionsRefused,
  readTrustedIssuers,
  TrustedIssuersOptions,
  type TrustedIssuer,
} from '@parsec/plugin-sdk';
import { LineCounter, parseDocument } from 'yaml';

/** Why a document is no document of trusted issuers. The message names keys and lines and shows no values. */
export class DocumentRefused extends Error {}

/**
 * Reads a document `{issuers: {…}}`, YAML or JSON, with the same rules as the options of the trust store `static`.
 * @throws DocumentRefused
 */
export function readDocument(text: string, isJson: boolean): readonly TrustedIssuer[] {
  const plain = isJson ? readJson(text) : readYaml(text);
  if (!isJsonObject(plain)) throw new DocumentRefused('is not an object with the key issuers');
  try {
    return readTrustedIssuers(checkOptions(TrustedIssuersOptions, plain));
  } catch (error) {
    if (error instanceof OptionsRefused) throw new DocumentRefused(`breaks rules: ${error.problems.join('; ')}`);
    throw error;
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DocumentRefused('is not JSON');
  }
}

function readYaml(text: string): unknown {
  try {
    const lineCounter = new LineCounter();
    const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true });
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      throw new DocumentRefused(`is not YAML: ${error.code} at line ${line}, column ${col}`);
    }
    // Nothing may stand for something that is elsewhere.
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    if (error instanceof DocumentRefused) throw error;
    throw new DocumentRefused(error instanceof ReferenceError ? 'has aliases, which are not read' : 'is not YAML that can be read');
  }
}
