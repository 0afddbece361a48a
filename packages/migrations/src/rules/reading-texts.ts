import type { RuleTexts } from './rule.ts'

/** Rules about files that cannot be read as they stand, and about what they say of themselves. */
export const READING_TEXTS: RuleTexts = {
  'syntax-error': {
    title: 'The grammar of the server refuses the text',
    message: 'The file does not parse: {problem}.',
    why: 'What cannot be read cannot be judged, and the server would stop here in the middle of a deployment.',
    fix: '-- Correct the statement.',
  },
  'nul-byte': {
    title: 'A NUL byte in the file',
    message: 'The file holds a NUL byte: {problem}.',
    why: 'Parsers written in C stop reading there, so that what follows would pass unseen.',
    fix: '-- Remove the byte.',
  },
  'psql-command': {
    title: 'A command of psql',
    message: 'The file holds a command that only psql knows: {problem}.',
    why: 'A migration tool sends the text to the server, which refuses it; what the command would do is not judged.',
    fix: '-- Write SQL in its place.',
  },
  'statement-too-large': {
    title: 'A statement too large to judge',
    message: 'The statement is too large to be read: {problem}.',
    why: 'Reading it would take the memory of the machine that checks.',
    fix: '-- Load data with COPY in a job of its own, or split the statement.',
  },
  'directive-invalid': {
    title: 'A directive that says nothing valid',
    message: 'The comment is no valid directive: {problem}.',
    why: 'An exception that is misspelt would silently be none, or one for too much.',
    fix: '-- changeover: ignore RULE until VERSION-OR-DATE because REASON\n-- changeover: phase expand',
  },
  'unrecognised-statement': {
    title: 'A statement that no rule knows',
    message: 'No rule knows statements of the kind {kind}.',
    why: 'What it locks and takes away is not known, and not known is not safe.',
    fix: '-- Check it against a real database with an oracle, or accept it with a directive that says why.',
  },
}
