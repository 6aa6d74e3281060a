import { Composer, CST, Lexer, LineCounter, Parser, type Document, type ErrorCode } from 'yaml';

/** Deepest nesting of maps and lists. */
export const MAX_DEPTH = 64;
/** Longest scalar or comment, in characters. */
const MAX_TOKEN_LENGTH = 65_536;
/** Most tokens (words, indicators, spaces, line breaks) of one document. */
const MAX_TOKENS = 100_000;
/** Syntax errors that are told; what follows them mostly follows from them. */
const MAX_SYNTAX_PROBLEMS = 20;
/** The document and the scalar that the parser holds open beside the collections. */
const PARSER_OVERHEAD = 2;

/** What is wrong with the text, and the offset where. Never holds a part of the text. */
export interface SyntaxProblem {
  readonly offset: number;
  readonly message: string;
}

export interface ScannedYaml {
  /** Absent where there are problems. */
  readonly document?: Document.Parsed;
  readonly problems: readonly SyntaxProblem[];
  readonly lines: LineCounter;
}

type Tokens = { readonly tokens: readonly CST.Token[] } | { readonly problem: SyntaxProblem };

/**
 * Parses one document of YAML 1.2 (core schema). The limits above are enforced while the text is cut into tokens,
 * before anything recursive, quadratic or large can happen.
 */
export function scanYaml(text: string): ScannedYaml {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const unprintable = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(text);
  if (unprintable !== null) {
    for (const lineBreak of text.slice(0, unprintable.index).matchAll(/\n/g)) lines.addNewLine(lineBreak.index + 1);
    return { lines, problems: [{ offset: unprintable.index, message: 'a character that YAML does not allow; this may not be text' }] };
  }
  const scanned = tokenise(text, lines);
  return 'problem' in scanned ? { lines, problems: [scanned.problem] } : { lines, ...compose(scanned.tokens) };
}

function tokenise(text: string, lines: LineCounter): Tokens {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const offset = parser.offset;
    count += 1;
    if (count > MAX_TOKENS) return { problem: { offset, message: `more than ${MAX_TOKENS} words and signs` } };
    if (lexeme.length > MAX_TOKEN_LENGTH) return { problem: { offset, message: `a text of more than ${MAX_TOKEN_LENGTH} characters` } };
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH + PARSER_OVERHEAD) return { problem: { offset, message: `nested deeper than ${MAX_DEPTH}` } };
  }
  tokens.push(...parser.end());
  const directive = tokens.find((token) => token.type === 'directive');
  if (directive !== undefined) return { problem: { offset: directive.offset, message: 'directives (%) are not supported' } };
  const [, second] = tokens.filter((token) => token.type === 'document');
  if (second !== undefined) return { problem: { offset: second.offset, message: 'a second document; only one is read' } };
  return { tokens };
}

function compose(tokens: readonly CST.Token[]): Omit<ScannedYaml, 'lines'> {
  // Whether keys are unique is found later in linear time; the parser would compare each with each.
  const composer = new Composer({ version: '1.2', schema: 'core', merge: false, resolveKnownTags: false, uniqueKeys: false, strict: true });
  const [document] = composer.compose(tokens, true) as Iterable<Document.Parsed>;
  if (document === undefined) throw new Error('the composer yields at least one document');
  if (document.errors.length === 0) return { document, problems: [] };
  const problems = document.errors.map(({ pos, code }) => ({ offset: pos[0], message: describe(code) }));
  return { problems: problems.slice(0, MAX_SYNTAX_PROBLEMS) };
}

/** The parser's own messages quote the text. */
function describe(code: ErrorCode): string {
  return SYNTAX_MESSAGES[code] ?? 'this is not valid YAML';
}

const SYNTAX_MESSAGES: Partial<Record<ErrorCode, string>> = {
  BAD_DQ_ESCAPE: 'an unknown escape (\\) in a text between double quotation marks',
  BAD_INDENT: 'the indentation does not fit',
  BAD_SCALAR_START: 'a text cannot begin with this sign; put it in quotation marks',
  BLOCK_AS_IMPLICIT_KEY: 'a map within a map belongs on a line of its own',
  BLOCK_IN_FLOW: 'a list or map over several lines cannot stand within brackets',
  KEY_OVER_1024_CHARS: 'a key of more than 1024 characters',
  MISSING_CHAR: 'a sign is missing, such as a colon, a comma, a space, a quotation mark or a closing bracket',
  MULTILINE_IMPLICIT_KEY: 'a key over several lines; is a colon missing?',
  TAB_AS_INDENT: 'a tab in the indentation; use spaces',
  UNEXPECTED_TOKEN: 'this was not expected here',
};
