/**
 * One cycle for each strongly connected part of a graph (Tarjan), as the list of its nodes with the first repeated at
 * the end. A node that names itself is a cycle too.
 */
export function findCycles(graph) {
  const index = new Map()
  const low = new Map()
  const stack = []
  const parts = []

  const visit = (node) => {
    index.set(node, index.size)
    low.set(node, index.get(node))
    stack.push(node)
    for (const { to } of graph.get(node) ?? []) {
      if (!graph.has(to)) continue
      if (!index.has(to)) visit(to)
      if (stack.includes(to)) low.set(node, Math.min(low.get(node), low.get(to)))
    }
    if (low.get(node) !== index.get(node)) return
    const part = stack.splice(stack.indexOf(node))
    if (part.length > 1 || graph.get(node).some(({ to }) => to === node)) parts.push(new Set(part))
  }
  for (const node of graph.keys()) if (!index.has(node)) visit(node)
  return parts.map((part) => shortestCycle(graph, part))
}

/** The shortest way from the first node of the part back to it. */
function shortestCycle(graph, part) {
  const start = [...part].sort()[0]
  const ways = [[start]]
  const seen = new Set()
  for (const way of ways) {
    for (const { to } of graph.get(way.at(-1))) {
      if (to === start) return [...way, start]
      if (!part.has(to) || seen.has(to)) continue
      seen.add(to)
      ways.push([...way, to])
    }
  }
  throw new Error(`${start} is in a strongly connected part, so a way back to it must exist`)
}
