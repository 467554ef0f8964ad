import { panelPlot } from './panels.mjs'

/** Draws the samples of a soak: one panel for each `{ title, values }` over the same batches. */
export function soakPlot(title, batches, panels) {
  const last = batches.at(-1)
  const marks = [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, text: Math.round(at * last).toLocaleString('en-US') }))
  const drawn = panels.map(({ title, values }) => ({
    title,
    marks,
    points: values.map((value, i) => ({ at: batches[i] / last, value })),
  }))
  return panelPlot(title, drawn, { below: 'batches' })
}
