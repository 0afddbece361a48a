/** Ids are anything; file names are not. No id becomes a path or holds a dot, and no two become one name. */
export function fileName(id: string): string {
  return id === '' ? '%' : encodeURIComponent(id).replaceAll('.', '%2E')
}
