import { shortSpan } from './amounts.ts'
import {
  colourOf,
  cut,
  cutMiddle,
  glyphOf,
  type Mark,
  paint,
  type Style,
  visible,
  widthOf,
} from './style.ts'

/** One line of the tree, with those below it. */
export interface TreeNode {
  /** Says the kind at a glance; ASCII terminals get none. */
  readonly icon: string
  readonly name: string
  readonly kind: string
  readonly status: { readonly mark: Mark; readonly text: string } | undefined
  /** In milliseconds. */
  readonly age: number | undefined
  readonly info: string
  readonly children: readonly TreeNode[]
}

interface Row {
  /** The lines of the tree, which are never cut. */
  readonly branch: string
  readonly name: string
  readonly kind: string
  readonly mark: Mark | undefined
  readonly status: string
  readonly age: string
  readonly info: string
}

const HEAD: Row = {
  branch: '',
  name: 'NAME',
  kind: 'KIND',
  mark: undefined,
  status: 'STATUS',
  age: 'AGE',
  info: 'INFO',
}
const GAP = 2
const LEAST_INFO = 28
const LEAST_NAME = 12

/** A tree as a table: NAME KIND STATUS AGE INFO. What does not fit is cut: names in the middle, information at its end. */
export function treeLines(root: TreeNode, style: Style): string[] {
  const rows = [HEAD, ...rowsOf(root, '', '', style)]
  const kind = widest(rows, 'kind')
  const status = widest(rows, 'status')
  const age = widest(rows, 'age')
  const fixed = kind + status + age + 4 * GAP
  const name = Math.max(
    LEAST_NAME,
    Math.min(widest(rows, 'name'), style.width - fixed - LEAST_INFO),
  )
  const info = Math.max(0, style.width - fixed - name)
  return rows.map((row, index) =>
    rowLine(row, { name, kind, status, age, info }, index === 0, style),
  )
}

function rowLine(
  row: Row,
  widths: Readonly<Record<'name' | 'kind' | 'status' | 'age' | 'info', number>>,
  isHead: boolean,
  style: Style,
): string {
  const name = `${row.branch}${cutMiddle(row.name, widths.name - widthOf(row.branch), style)}`
  const info = cut(row.info, widths.info, style)
  const status = row.mark === undefined ? row.status : paint(row.status, colourOf(row.mark), style)
  const cells = [
    name + gap(name, widths.name),
    (isHead ? row.kind : paint(row.kind, 'dim', style)) + gap(row.kind, widths.kind),
    status + gap(row.status, widths.status),
    row.age + gap(row.age, widths.age),
    info,
  ]
  const line = cells.join('').trimEnd()
  return isHead ? paint(line, 'bold', style) : line
}

/** What fills the column up behind the text, and parts it from the next one. */
function gap(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width + GAP - widthOf(text)))
}

function rowsOf(node: TreeNode, first: string, rest: string, style: Style): Row[] {
  const { status } = node
  const icon = style.ascii || node.icon === '' ? '' : `${node.icon} `
  const row: Row = {
    branch: `${first}${icon}`,
    name: visible(node.name, style),
    kind: node.kind,
    mark: status?.mark,
    status: status ? `${glyphOf(status.mark, style)} ${visible(status.text, style)}` : '',
    age: node.age === undefined ? '' : shortSpan(node.age),
    info: visible(node.info, style),
  }
  return [
    row,
    ...node.children.flatMap((child, at) =>
      childRows(child, at === node.children.length - 1, rest, style),
    ),
  ]
}

function childRows(child: TreeNode, isLast: boolean, rest: string, style: Style): Row[] {
  const [branch, last, trunk] = style.ascii ? ['|-- ', '`-- ', '|   '] : ['├──', '└──', '│  ']
  const blank = ' '.repeat(trunk?.length ?? 0)
  return rowsOf(
    child,
    `${rest}${isLast ? last : branch}`,
    `${rest}${isLast ? blank : trunk}`,
    style,
  )
}

function widest(rows: readonly Row[], column: 'name' | 'kind' | 'status' | 'age'): number {
  const widths = rows.map(
    (row) => widthOf(row[column]) + (column === 'name' ? widthOf(row.branch) : 0),
  )
  return Math.max(...widths)
}
