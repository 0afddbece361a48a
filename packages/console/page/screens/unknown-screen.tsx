import type { JSX } from 'preact'
import { Link } from '../parts/link.tsx'

export function UnknownScreen({ path }: { readonly path: string }): JSX.Element {
  return (
    <section class="panel">
      <h1>There is nothing here</h1>
      <p>
        The console has no page <code>{path}</code>.
      </p>
      <Link to={{ screen: 'services' }}>All services</Link>
    </section>
  )
}
