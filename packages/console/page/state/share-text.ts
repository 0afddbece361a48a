/** Basis points as a percentage without needless digits: `12.5%`. */
export function weightText(basisPoints: number): string {
  return `${Number((basisPoints / 100).toFixed(2))}%`
}

/** A share from 0 to 1, for people; undefined where nothing was seen. */
export function shareText(share: number | undefined): string {
  if (share === undefined) return 'no requests'
  const percent = share * 100
  if (percent > 0 && percent < 0.01) return '<0.01%'
  return `${Number(percent.toFixed(percent < 1 ? 2 : 1))}%`
}

/** `1 instance`, `2 instances`. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}
