/** What the page shows. */
export type Screen =
  | { readonly screen: 'services' }
  | { readonly screen: 'service'; readonly service: string }
  | { readonly screen: 'rollout'; readonly id: string }
  | { readonly screen: 'audit' }
  | { readonly screen: 'unknown'; readonly path: string }

/** The screen at this path of the address bar. */
export function screenAt(pathname: string, basePath: string): Screen {
  const path = pathname.startsWith(basePath) ? pathname.slice(basePath.length) : pathname
  const parts = path.split('/').filter((part) => part !== '')
  const [first, second] = parts
  if (first === undefined || (first === 'services' && second === undefined))
    return { screen: 'services' }
  if (parts.length === 1 && first === 'audit') return { screen: 'audit' }
  if (parts.length === 2 && second !== undefined) {
    const name = decode(second)
    if (first === 'services') return { screen: 'service', service: name }
    if (first === 'rollouts') return { screen: 'rollout', id: name }
  }
  return { screen: 'unknown', path }
}

/** Where a screen is, below the base path. */
export function pathOf(screen: Screen): string {
  switch (screen.screen) {
    case 'services':
      return '/'
    case 'service':
      return `/services/${encodeURIComponent(screen.service)}`
    case 'rollout':
      return `/rollouts/${encodeURIComponent(screen.id)}`
    case 'audit':
      return '/audit'
    case 'unknown':
      return screen.path
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
