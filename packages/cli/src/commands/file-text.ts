import { readFile } from 'node:fs/promises'
import { commandError, wordsOf } from '../client/command-error.ts'

/** What a file holds. @throws CommandError `CHANGEOVER_FILE_UNREADABLE` naming the option that named it */
export async function fileText(file: string, field: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw commandError(
      'CHANGEOVER_FILE_UNREADABLE',
      { file, field, problem: wordsOf(error) },
      error,
    )
  }
}
