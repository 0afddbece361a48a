// Reads migrations by reading alone, as a process of its own: node static-subject.mjs FOLDER. Prints what it cost as JSON.
import { checkMigrations, loadMigrations } from '@changeover/migrations'

const migrations = await loadMigrations(process.argv[2], { format: 'sql' })
const began = performance.now()
const report = await checkMigrations({ migrations })
const seconds = (performance.now() - began) / 1e3
const { user, system } = process.cpuUsage()
const { maxRSS } = process.resourceUsage()
console.log(
  JSON.stringify({
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakMb: maxRSS / 2 ** 10,
    findings: report.findings.length,
  }),
)
