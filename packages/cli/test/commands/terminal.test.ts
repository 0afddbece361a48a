import { describe, expect, it } from 'vitest'
import { styleFor } from '../../src/commands/terminal.ts'

const TERMINAL = { isTTY: true, columns: 80 }
const PIPE = { isTTY: false, columns: undefined }
const UTF8 = { LANG: 'en_US.UTF-8' }

describe('Colours', () => {
  it.each([
    ['on a terminal', TERMINAL, {}, true],
    ['on a pipe', PIPE, {}, false],
    ['on a terminal with NO_COLOR', TERMINAL, { NO_COLOR: '1' }, false],
    ['on a terminal with an empty NO_COLOR', TERMINAL, { NO_COLOR: '' }, true],
    ['on a pipe with FORCE_COLOR', PIPE, { FORCE_COLOR: '1' }, true],
    ['on a terminal with FORCE_COLOR=0', TERMINAL, { FORCE_COLOR: '0' }, false],
    ['with both of them', TERMINAL, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['on a terminal that is dumb', TERMINAL, { TERM: 'dumb' }, false],
  ])('%s are as they should be', (_, stream, env, colour) => {
    expect(styleFor(stream, env).colour).toBe(colour)
  })
})

describe('Glyphs', () => {
  it.each([
    [UTF8, false],
    [{ LANG: 'C' }, true],
    [{}, true],
    [{ LANG: 'C', LC_ALL: 'C.utf8' }, false],
    [{ LANG: 'de_DE.UTF-8', LC_ALL: 'POSIX' }, true],
  ])('with %j: only ASCII is %s', (env, ascii) => {
    expect(styleFor(PIPE, env).ascii).toBe(ascii)
  })
})

describe('The width', () => {
  it('is that of the terminal, else COLUMNS, else that of wide paper', () => {
    expect(styleFor(TERMINAL, { COLUMNS: '40' }).width).toBe(80)
    expect(styleFor(PIPE, { COLUMNS: '40' }).width).toBe(40)
    expect(styleFor({ isTTY: true, columns: 0 }, {}).width).toBe(80)
    expect(styleFor(PIPE, { COLUMNS: 'wide' }).width).toBe(120)
  })
})
