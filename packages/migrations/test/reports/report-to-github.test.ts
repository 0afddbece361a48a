import { reportToGithub } from '@changeover/migrations'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DROPPED, REPORT } from './sample-report.ts'

test('GitHub gets the worst first, each as one line, and nothing that is ignored', () => {
  const broken =
    'Release 1.0.0 can no longer run one of its queries.%0A%0ABreaks release RELEASE: QUERY%0A%0AQueries that name the column are refused.%0A%0AInstead:%0A-- once 1.0.0 is gone:%0AALTER TABLE users DROP COLUMN bio;'
  const place = 'file=db/2 drop%2C 100%25.sql,line=3'
  expect(reportToGithub(REPORT).split('\n')).toEqual([
    `::error ${place},col=5,title=drop-column::${broken.replace('RELEASE', '1.0.0').replace('QUERY', 'SELECT id, bio FROM users')}`,
    `::error ${place},col=5,title=drop-column::${broken.replace('RELEASE', '1.1.0').replace('QUERY', 'SELECT bio FROM users')}`,
    '::error file=db/3.sql,line=1,col=7,title=syntax-error (not known to be safe)::The file does not parse: syntax error at or near "TABEL".%0A%0AWhat cannot be read cannot be judged.%0A%0AInstead:%0A-- Correct the statement.',
    '::notice file=db/1.sql,line=2,col=1,title=create-unique-index::From then on, two users of one age are refused.%0A%0AA release may write them.',
    `::notice ${place},title=Point of no return::Point of no return: db/2 drop, 100%25.sql:3. After it there is no way back to 1.0.0, 1.1.0.`,
    '',
  ])
})

test('Whatever a file is called and a message says, it stays one command that reads back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, message) => {
      const file = `db/${name.replaceAll('\\', '')}:a,b.sql`
      const findings = [{ ...DROPPED, file, message: `${message}%0A\r\n1.0.0`, query: '1.0.0' }]
      const text = reportToGithub({ verdict: 'unsafe', findings, migrations: [] })
      expect(text.match(/[\r\n]/g)).toEqual(['\n'])
      const [, path = '', said = ''] = /^::error file=([^:,]*),[^:]*::([^]*)\n$/.exec(text) ?? []
      expect(unescape(path)).toBe(file)
      expect(unescape(said).startsWith(`${message}%0A\r\n1.0.0\n\n`)).toBe(true)
    }),
  )
})

/** As the runner of GitHub does it. */
function unescape(text: string): string {
  const pairs = [
    ['%0D', '\r'],
    ['%0A', '\n'],
    ['%3A', ':'],
    ['%2C', ','],
    ['%25', '%'],
  ] as const
  return pairs.reduce((result, [code, character]) => result.replaceAll(code, character), text)
}
