/** What placeholders of a service are filled with. */
export interface Fillings {
  readonly version: string
  readonly release: string
  /** For `{set.NAME}`. */
  readonly set: Readonly<Record<string, string>>
}

/** `{{name}}` stands for `{name}` itself; braces around anything but a name are left as they are. */
const PLACEHOLDER = /\{(\{[A-Za-z][\w.-]*\})\}|\{([A-Za-z][\w.-]*)\}/g

/** Names of the placeholders in a text. Pure. */
export function placeholdersIn(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(([, , name]) => name ?? [])
}

/** Whether there is such a placeholder. Pure. */
export function isPlaceholder(name: string): boolean {
  return name === 'version' || name === 'release' || /^set\.[A-Za-z]\w*$/.test(name)
}

/** The text with its placeholders filled in; those without a filling are left. Pure. */
export function fill(text: string, fillings: Fillings): string {
  return text.replaceAll(
    PLACEHOLDER,
    (whole: string, escaped: string | undefined, name: string | undefined) =>
      escaped ?? fillingOf(name ?? '', fillings) ?? whole,
  )
}

function fillingOf(name: string, { version, release, set }: Fillings): string | undefined {
  if (name === 'version') return version
  if (name === 'release') return release
  const key = name.slice('set.'.length)
  return name.startsWith('set.') && Object.hasOwn(set, key) ? set[key] : undefined
}
