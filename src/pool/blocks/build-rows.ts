import { BlockCorruptError } from '../../errors.js'

type Build = (columns: readonly (readonly unknown[])[], count: number) => unknown[]

interface Shape {
  /** Rows built so far. */
  built: number
  build: Build | undefined
}

/** A generated function builds rows three times as fast. Compiling it costs as much as building some hundred rows. */
const COMPILED_AFTER = 512
const MOST_SHAPES = 512
const shapes = new Map<string, Shape>()

/** Builds objects with these names, or arrays if there are none, from columns of `count` values. */
export function buildRows(
  names: readonly string[] | undefined,
  columns: readonly (readonly unknown[])[],
  count: number,
): unknown[] {
  // Assignment and a literal would both set the prototype. Writers never write this name.
  if (names?.includes('__proto__'))
    throw new BlockCorruptError('These bytes are not encoded records: a field is named __proto__.')
  const key = names ? JSON.stringify(names) : `${columns.length} items`
  let shape = shapes.get(key)
  if (!shape) {
    if (shapes.size >= MOST_SHAPES) shapes.clear()
    shape = { built: 0, build: undefined }
    shapes.set(key, shape)
  }
  shape.built += count
  if (shape.built > COMPILED_AFTER) shape.build ??= compile(names, columns.length)
  return (shape.build ?? interpreted(names))(columns, count)
}

function compile(names: readonly string[] | undefined, width: number): Build {
  const items = Array.from({ length: width }, (_, i) => `c${i}[i]`)
  const row = names ? `{ ${items.map((item, i) => `${JSON.stringify(names[i])}: ${item}`)} }` : `[${items}]`
  const text = `
    'use strict'
    const [${Array.from({ length: width }, (_, i) => `c${i}`)}] = columns
    const rows = new Array(count)
    for (let i = 0; i < count; i++) rows[i] = ${row}
    return rows`
  try {
    return new Function('columns', 'count', text) as Build
  } catch {
    // The process forbids code generation.
    return interpreted(names)
  }
}

function interpreted(names: readonly string[] | undefined): Build {
  return (columns, count) => {
    const rows = new Array<unknown>(count)
    for (let i = 0; i < count; i++) {
      if (!names) rows[i] = columns.map((column) => column[i])
      else {
        const row: Record<string, unknown> = {}
        for (let f = 0; f < names.length; f++) row[names[f]!] = columns[f]![i]
        rows[i] = row
      }
    }
    return rows
  }
}
