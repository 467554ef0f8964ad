import { panelPlot } from './panels.mjs'
import { short } from './scales.mjs'

/** Draws the results of `growth`: a panel for each run, with the processor time of each size as a multiple of the smallest's. */
export function growthPlot({ machine, results }) {
  const panels = results.map(({ title, sizes }) => {
    const at = (i) => (sizes.length === 1 ? 0.5 : i / (sizes.length - 1))
    return {
      title,
      marks: sizes.map(({ size }, i) => ({ at: at(i), text: short(size) })),
      points: sizes.map(({ cpuRatio: { median, min, max } }, i) => ({ at: at(i), value: median, low: min, high: max })),
      mark: 1,
    }
  })
  const title = `Growth of one thing at a time: processor time as a multiple of the smallest size's. ${machine.cores} cores, Node ${machine.node}`
  return panelPlot(title, panels, {
    columns: 2,
    height: 96,
    below: 'processor time as a multiple of the smallest size’s',
  })
}
