/**
 * The reaper: a small process beside each fleet that ends the fleet's instances when their owner is gone.
 *
 * Its standard input is a pipe from the owner, which the kernel closes whatever the owner dies of. It has a session of
 * its own, so that Ctrl-C does not reach it, and ignores signals that would end it before its work is done.
 *
 * A child that the owner had forked when it died holds a copy of the pipe until it becomes its command. So when the pipe
 * closes, every instance carries its token and can be found, even one that the owner had no time to tell of.
 */
import { createInterface } from 'node:readline'
import { stopOrphans } from './orphans.ts'
import type { ProcessIdentity } from './process-identity.ts'
import type { ReaperCommand, ReaperOrders } from './reaper-link.ts'

const known = new Map<number, ProcessIdentity>()

function obey(line: string): void {
  try {
    const command: ReaperCommand = JSON.parse(line)
    if ('watch' in command) known.set(command.watch.pid, command.watch)
    else known.delete(command.forget.pid)
  } catch {
    // A line cut off by the owner's death. Its process carries the token, and is found by it.
  }
}

function reap({ token, signal, graceMs }: ReaperOrders): void {
  void stopOrphans({ known: [...known.values()], tokens: [token], logs: [] }, { signal, graceMs })
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

const orders: ReaperOrders = JSON.parse(process.argv[2] ?? '')
createInterface({ input: process.stdin })
  .on('line', obey)
  .on('close', () => reap(orders))
// The owner waits for this before it launches anything: from now on no signal but SIGKILL ends the reaper early.
process.stdout.on('error', () => {}).end('ready\n')
