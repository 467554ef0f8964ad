import { keepsArguments } from '../../../ops/functions/meaning/keeps-arguments.js'
import type { Aggregator, Plan, Program, Sink } from '../../../ops/plan.js'

/**
 * Finds the state of a program whose records no function may change in the same task: they are written to a block, or
 * counted, after functions of the library and functions whose text proves that they keep their arguments. Records of
 * other state are copied.
 */
export function readOnlyStates({ plan, sink }: Program): ReadonlySet<Plan> {
  const found = new Set<Plan>()
  visit(plan, keepsRecords(sink))
  return found

  function visit(node: Plan, readOnly: boolean): void {
    switch (node.op) {
      case 'state':
        // Its inputs are passed to the operator's functions, or stay in its table.
        if (readOnly) found.add(node)
        return
      case 'chain':
        visit(node.of, readOnly && node.steps.every(({ fn }) => keepsArguments(fn)))
        return
      case 'keep':
      case 'at':
        visit(node.of, readOnly)
        return
      case 'concat':
        for (const part of node.of) visit(part, readOnly)
    }
  }
}

function keepsRecords(sink: Sink): boolean {
  switch (sink.op) {
    case 'count':
    case 'collect':
    case 'take':
      return true
    case 'apply':
    case 'foreach':
      return keepsArguments(sink.fn)
    case 'shuffle': {
      const { kind } = sink.partitioner
      return (kind === 'hash' || kind === 'deal') && (!sink.aggregator || keepsValues(sink.aggregator))
    }
  }
}

function keepsValues({ create, mergeValue, mergeCombiners }: Aggregator): boolean {
  return (!create || keepsArguments(create)) && keepsArguments(mergeValue) && keepsArguments(mergeCombiners)
}
