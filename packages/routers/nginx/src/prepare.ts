import { mkdir } from 'node:fs/promises'
import { atLeast, programVersion } from './nginx-process.ts'
import { KEPT_IDLE } from './capabilities.ts'
import { configRequest, type DriverParts } from './driver-parts.ts'
import { nginxConfig } from './nginx-config.ts'
import { nginxLocation } from './nginx-location.ts'
import { readText, replaceFile } from './owned-files.ts'
import { routerError } from './router-error.ts'
import { readOwnFile } from './service-files.ts'
import { problemOf } from './problem-of.ts'

/** Writes what nginx's own configuration includes: the location as it is to be, the rest only where nothing is yet. */
export async function prepareFiles(parts: DriverParts, token?: string): Promise<void> {
  const { paths, settings, service } = parts
  const request = configRequest(parts, undefined, token === undefined ? {} : { token })
  try {
    await mkdir(settings.directory, { recursive: true, mode: 0o755 })
    const known = await readOwnFile(paths.conf)
    if (known && known.head.mode !== settings.mode)
      throw new Error(`it holds files of mode "${known.head.mode}", which take another location`)
    await ensure(paths.location, nginxLocation(request) + (await idleDirective(parts)))
    if ((await readText(paths.conf)) === undefined)
      await replaceFile(paths.conf, nginxConfig(request).text, token === undefined ? 0o644 : 0o600)
  } catch (error) {
    const problem = problemOf(error)
    throw routerError(
      'CHANGEOVER_NGINX_FILES_FAILED',
      { service, where: settings.directory, problem },
      error,
    )
  }
}

/** Writes a file unless it is so already. */
export async function ensure(path: string, text: string, mode = 0o644): Promise<void> {
  if ((await readText(path)) !== text) await replaceFile(path, text, mode)
}

async function idleDirective({ settings }: DriverParts): Promise<string> {
  if (settings.mode === 'lua') return ''
  const version = await programVersion(settings)
  return version !== undefined && atLeast(version, KEPT_IDLE.since)
    ? `${KEPT_IDLE.directive} 5s;\n`
    : ''
}
