import { createHash } from 'node:crypto'
import type { Finding } from '../finding.ts'
import type { CheckReport } from '../report.ts'
import { RULES } from '../rules/registry.ts'
import type { SarifLevel, SarifLocation, SarifLog, SarifResult, SarifRule } from './sarif.ts'
import { excerpt, fullMessage, hasFix, portablePath } from './shown.ts'

/**
 * A report as SARIF 2.1.0, with what code scanning of GitHub asks for. Ignored findings are there, as suppressed. A
 * fingerprint stays the same when a statement only moves within its file. Pure.
 *
 * @example
 * ```ts
 * await writeFile('migrations.sarif', reportToSarif(report))
 * ```
 */
export function reportToSarif(report: CheckReport): string {
  const { findings, verdict, pointOfNoReturn } = report
  const ids = [...new Set(findings.map(({ rule }) => rule))].toSorted()
  const rules = ids.map((id) => ruleOf(id, findings))
  const seen = new Map<string, number>()
  const results = findings.map((finding) => {
    const hash = hashOf(finding)
    const times = (seen.get(hash) ?? 0) + 1
    seen.set(hash, times)
    return resultOf(finding, ids.indexOf(finding.rule), `${hash}:${times}`)
  })
  const log: SarifLog = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'changeover', rules } },
        columnKind: 'utf16CodeUnits',
        results,
        properties: { verdict, ...(pointOfNoReturn ? { pointOfNoReturn } : {}) },
      },
    ],
  }
  return `${JSON.stringify(log, undefined, 2)}\n`
}

/** The texts of a rule are templates; where it has none of its own, those of its first finding stand for it. */
function ruleOf(id: string, findings: readonly Finding[]): SarifRule {
  const found = findings.filter(({ rule }) => rule === id)
  const { title, message, why, fix } = {
    title: id,
    message: id,
    why: id,
    fix: '-',
    ...found[0],
    ...RULES[id],
  }
  const help = hasFix({ fix }) ? `${why}\n\nInstead:\n${fix}` : why
  const level = found.every(({ verdict }) => verdict === 'safe') ? 'note' : 'error'
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: message },
    help: { text: help },
    defaultConfiguration: { level },
    properties: { tags: [...new Set(found.flatMap(({ classes }) => classes))].toSorted() },
  }
}

function resultOf(finding: Finding, ruleIndex: number, fingerprint: string): SarifResult {
  const { rule, verdict, classes, phase, migration, release, query, error, ignored } = finding
  return {
    ruleId: rule,
    ruleIndex,
    level: levelOf(finding),
    message: { text: fullMessage(finding) },
    locations: [locationOf(finding)],
    partialFingerprints: { primaryLocationLineHash: fingerprint },
    ...(ignored
      ? {
          suppressions: [
            { kind: 'inSource', justification: `${ignored.reason} (until ${ignored.until})` },
          ],
        }
      : {}),
    properties: { verdict, classes, phase, migration, release, query, error },
  }
}

/** What is not known is refused as what is unsafe. */
function levelOf({ verdict }: Finding): SarifLevel {
  return verdict === 'safe' ? 'note' : 'error'
}

function locationOf({ file, line, column, statement }: Finding): SarifLocation {
  const snippet = statement === '' ? {} : { snippet: { text: excerpt(statement) } }
  return {
    physicalLocation: {
      artifactLocation: artifactOf(portablePath(file)),
      region: { startLine: line, startColumn: column, ...snippet },
    },
  }
}

function artifactOf(path: string): SarifLocation['physicalLocation']['artifactLocation'] {
  const uri = path.split('/').map(encodeURIComponent).join('/')
  if (path.startsWith('/')) return { uri: `file://${uri}` }
  if (/^[A-Za-z]:\//.test(path)) return { uri: `file:///${uri.replace('%3A', ':')}` }
  return { uri, uriBaseId: '%SRCROOT%' }
}

/** Of what the finding is, not of where in its file it stands. */
function hashOf({ rule, file, statement, release, query }: Finding): string {
  const parts = [rule, portablePath(file), statement.replaceAll(/\s+/g, ' ').trim(), release, query]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}
