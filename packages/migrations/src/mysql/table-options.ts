import type { Action } from './actions.ts'
import type { Cursor } from './cursor.ts'

const OPTIONS: readonly string[] = [
  'ALGORITHM',
  'LOCK',
  'ENGINE',
  'ROW_FORMAT',
  'COMMENT',
  'AUTO_INCREMENT',
  'DEFAULT CHARACTER SET',
  'DEFAULT CHARSET',
  'DEFAULT COLLATE',
  'CHARACTER SET',
  'CHARSET',
  'COLLATE',
  'KEY_BLOCK_SIZE',
  'STATS_PERSISTENT',
  'STATS_AUTO_RECALC',
  'STATS_SAMPLE_PAGES',
  'MAX_ROWS',
  'MIN_ROWS',
  'AVG_ROW_LENGTH',
]

/** Table options may stand one behind the other without a comma. */
export function tableOptions(cursor: Cursor): readonly Action[] | undefined {
  const actions: Action[] = []
  while (!cursor.done()) {
    const name = cursor.takeOne(...OPTIONS)
    cursor.take('=')
    const given = name === undefined ? undefined : cursor.next()?.text.toUpperCase()
    if (name === undefined || given === undefined) return undefined
    if (name === 'ALGORITHM') actions.push({ does: 'algorithm', value: given })
    else if (name === 'LOCK') actions.push({ does: 'lock', value: given })
    else actions.push({ does: 'option', name, value: given })
  }
  return actions
}
