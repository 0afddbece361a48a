import { LUA_CHOICE } from './lua-choice.ts'
import { LUA_PHASES } from './lua-phases.ts'
import { SLOW_BOUNDS_MS } from './traffic-bounds.ts'

/** The Lua program that nginx runs in mode `lua`. It is the same for every service and table. */
export const LUA_SOURCE: string = [
  '-- Written by Changeover. Changes by hand are overwritten.',
  LUA_CHOICE,
  `local BOUNDS = { ${SLOW_BOUNDS_MS.join(', ')} }`,
  LUA_PHASES,
].join('\n')
