import { access, mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { commandError, wordsOf } from '../client/command-error.ts'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { CONFIG_TEMPLATE } from './config-template.ts'
import type { Shell } from './shell.ts'

/** Writes a commented config, never over one that is there; or prints the unit for systemd. */
export async function runInit(shell: Shell): Promise<ExitCode> {
  const { options } = shell
  const file = resolve(options.text('config') ?? 'changeover.config.mjs')
  return options.flag('systemd') ? printUnit(shell, file) : writeConfig(shell, file)
}

async function writeConfig(shell: Shell, file: string): Promise<ExitCode> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, CONFIG_TEMPLATE, { flag: 'wx' })
  } catch (error) {
    if (await isThere(file)) throw commandError('CHANGEOVER_FILE_EXISTS', { file }, error)
    throw commandError(
      'CHANGEOVER_FILE_UNREADABLE',
      { file, field: '--config', problem: wordsOf(error) },
      error,
    )
  }
  if (shell.isJson) shell.json('init', { file, text: CONFIG_TEMPLATE })
  else
    shell.terminal.out(
      `Wrote ${file}. Fill it in, then: changeover agent\nTo start it with the machine: changeover init --systemd`,
    )
  return EXIT.ok
}

async function printUnit(shell: Shell, config: string): Promise<ExitCode> {
  const { unitFile } = await import('../agent/systemd-unit.ts')
  const text = unitFile({ config })
  if (shell.isJson) shell.json('init', { file: '/etc/systemd/system/changeover.service', text })
  else shell.terminal.write(text)
  return EXIT.ok
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
