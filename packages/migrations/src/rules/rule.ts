/** The texts of a rule; `{table}` and the like stand for the names of the case at hand. */
export interface RuleText {
  /** A line for the table of rules. */
  readonly title: string
  /** What the statement blocks or breaks, and for whom. */
  readonly message: string
  /** Why: what the server does, with the version from or up to which it does so. */
  readonly why: string
  /** The safe sequence as SQL with comments, or `-` where there is nothing to mend. */
  readonly fix: string
}

/** Rules by id. Grouped by what they are about; `rules/registry.ts` joins the groups. */
export type RuleTexts = Readonly<Record<string, RuleText>>

/** Stable name of a rule. */
export type RuleId = string
