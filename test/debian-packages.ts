import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A program that Debian and its descendants have a package for. */
export interface DebianPackage {
  /** Its name, or the absolute path of a file that is no program, such as a module. */
  readonly command: string
  readonly package: string
}

/** Where its program is, or why there is none. */
type Availability = { readonly path: string } | { readonly reason: string }

/**
 * Finds the program, and installs its package first where that is possible: as root, where there is apt-get. One at a time on
 * a machine, and without starting the service that a package may bring. Never throws.
 */
async function debianPackage(wanted: DebianPackage): Promise<Availability> {
  const path = await find(wanted.command)
  if (path !== undefined) return { path }
  if (process.getuid?.() !== 0)
    return { reason: `${wanted.command} is not there, and only root may install it` }
  if ((await find('apt-get')) === undefined)
    return { reason: `${wanted.command} is not there, nor is apt-get to install it` }
  return install(wanted)
}

/**
 * The paths of these programs, in their order, or `undefined` if one is missing: then the tests that need it are to be
 * skipped, and a line on stderr says so.
 * @throws Error where `CI` is `true`: a test that CI skips would never run at all
 */
export async function programs(
  ...wanted: readonly DebianPackage[]
): Promise<readonly string[] | undefined> {
  const paths: string[] = []
  for (const each of wanted) {
    const found = await debianPackage(each)
    if ('path' in found) paths.push(found.path)
    else refuse(each, found.reason)
  }
  return paths.length === wanted.length ? paths : undefined
}

function refuse(wanted: DebianPackage, reason: string): void {
  const line = `${reason}. Install it (apt-get install ${wanted.package}) to run the tests that need it.`
  if (process.env['CI'] === 'true') throw new Error(line)
  process.stderr.write(`\nSKIPPED: ${line}\n`)
}

const environment = {
  ...process.env,
  DEBIAN_FRONTEND: 'noninteractive',
  PATH: `${process.env['PATH']}:/usr/sbin:/sbin`,
}

async function find(command: string): Promise<string | undefined> {
  if (command.startsWith('/')) return existsSync(command) ? command : undefined
  try {
    const script = 'command -v "$0"'
    const { stdout } = await run('sh', ['-c', script, command], { env: environment })
    return stdout.trim()
  } catch {
    return undefined
  }
}

// Packages ask policy-rc.d before they start a service, and 101 forbids it. Somebody's own policy stays.
const installation = `
command -v "$0" && exit
case "$0" in /*) [ -e "$0" ] && exit ;; esac
policy=/usr/sbin/policy-rc.d
if ! [ -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod +x $policy
fi
get() { apt-get -qq -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=0 -o Acquire::http::Timeout=10 "$@"; }
install() { get install --no-install-recommends "$1"; }
install "$1" || { get update && install "$1"; }
`

const longestInstallationMs = 240_000

async function install({ command, package: name }: DebianPackage): Promise<Availability> {
  const lock = join(tmpdir(), 'changeover-debian-packages.lock')
  try {
    await run('flock', [lock, 'sh', '-c', installation, command, name], {
      env: environment,
      timeout: longestInstallationMs,
    })
  } catch (error) {
    return { reason: `${command} is not there, and its installation failed (${lastLine(error)})` }
  }
  const path = await find(command)
  return path === undefined ? { reason: `${name} has no program ${command}` } : { path }
}

function lastLine(error: unknown): string {
  const { stderr = String(error) } = error as { stderr?: string }
  return stderr.trim().split('\n').at(-1) ?? ''
}
