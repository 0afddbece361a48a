// What is used of SARIF 2.1.0 (OASIS), with its own names.

export type SarifLevel = 'error' | 'warning' | 'note'

export interface SarifText {
  readonly text: string
}

export interface SarifRule {
  readonly id: string
  readonly shortDescription: SarifText
  readonly fullDescription: SarifText
  readonly help: SarifText
  readonly defaultConfiguration: { readonly level: SarifLevel }
  readonly properties: { readonly tags: readonly string[] }
}

export interface SarifLocation {
  readonly physicalLocation: {
    readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string }
    readonly region: {
      readonly startLine: number
      readonly startColumn: number
      readonly snippet?: SarifText
    }
  }
}

export interface SarifResult {
  readonly ruleId: string
  readonly ruleIndex: number
  readonly level: SarifLevel
  readonly message: SarifText
  readonly locations: readonly SarifLocation[]
  readonly partialFingerprints: { readonly primaryLocationLineHash: string }
  readonly suppressions?: readonly { readonly kind: 'inSource'; readonly justification: string }[]
  readonly properties: Readonly<Record<string, unknown>>
}

export interface SarifLog {
  readonly $schema: string
  readonly version: '2.1.0'
  readonly runs: readonly {
    readonly tool: {
      readonly driver: { readonly name: string; readonly rules: readonly SarifRule[] }
    }
    readonly columnKind: 'utf16CodeUnits'
    readonly results: readonly SarifResult[]
    readonly properties: Readonly<Record<string, unknown>>
  }[]
}
