import type { Release } from '@changeover/engine'
import type { ReleaseView } from '../api/index.ts'

/** A release without its spec. */
export function releaseView({ id, version }: Release): ReleaseView {
  return { id, version }
}

/** A release as plans and journals name it: its spec may name paths and variables, and stays here. */
export function withoutSpec(release: Release): Release {
  return { ...release, spec: null }
}
