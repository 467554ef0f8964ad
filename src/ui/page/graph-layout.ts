/** A node of a graph without cycles, whose parents come before it. */
export interface GraphNode {
  readonly key: string
  readonly parents: readonly string[]
}

export interface Placed {
  readonly layer: number
  readonly row: number
}

/** Places each node one layer after its last parent, near its parents: data flows from left to right. */
export function placed(nodes: readonly GraphNode[]): Map<string, Placed> {
  const places = new Map<string, Placed>()
  const taken = new Map<number, Set<number>>()
  for (const { key, parents } of nodes) {
    const of = parents.flatMap((parent) => places.get(parent) ?? [])
    const layer = of.length === 0 ? 0 : Math.max(...of.map((place) => place.layer)) + 1
    const wanted = of.length === 0 ? 0 : Math.round(of.reduce((sum, { row }) => sum + row, 0) / of.length)
    let rows = taken.get(layer)
    if (!rows) taken.set(layer, (rows = new Set()))
    let row = wanted
    for (let step = 1; rows.has(row); step++)
      row = wanted + (step % 2 === 1 || wanted < step / 2 ? Math.ceil(step / 2) : -step / 2)
    row = Math.max(0, row)
    while (rows.has(row)) row++
    rows.add(row)
    places.set(key, { layer, row })
  }
  return places
}
