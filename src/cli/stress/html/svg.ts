/** The area inside of the axes, in px. */
export const AREA = { left: 60, top: 12, width: 900, height: 190 } as const

const BOTTOM = 34
/** Approximate number of marks on an axis. */
const TICKS = 6

export interface Scale {
  readonly max: number
  /** Converts a value to px, from the left or from the bottom. */
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

/** Returns an axis from 0 to `max` over `length` px, with marks at round numbers. */
export function scale(max: number, px: number): Scale {
  const top = max > 0 ? max : 1
  const rough = top / TICKS
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough)!
  const ticks = Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => Number((i * step).toPrecision(6)))
  return { max: top, at: (value) => round((value / top) * px), ticks }
}

/** Formats px with one decimal. */
export function round(px: number): number {
  return Math.round(px * 10) / 10
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** Returns a chart of `marks`, whose y axis points upwards from the bottom of the area. */
export function chart(label: string, x: Scale, y: Scale, xName: string, yName: string, marks: string): string {
  const { left, top, width, height } = AREA
  const vertical = x.ticks.map((value) => {
    const at = left + x.at(value)
    return `<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${top + height}"/><text x="${at}" y="${top + height + 14}" text-anchor="middle">${value}</text>`
  })
  const horizontal = y.ticks.map((value) => {
    const at = round(top + height - y.at(value))
    return `<line class="grid" x1="${left}" x2="${left + width}" y1="${at}" y2="${at}"/><text x="${left - 6}" y="${at + 4}" text-anchor="end">${value}</text>`
  })
  return `<svg role="img" aria-label="${escaped(label)}" viewBox="0 0 ${left + width + 12} ${top + height + BOTTOM}">
${[...vertical, ...horizontal].join('\n')}
<text x="${left + width / 2}" y="${top + height + BOTTOM - 4}" text-anchor="middle">${escaped(xName)}</text>
<text x="14" y="${top + height / 2}" text-anchor="middle" transform="rotate(-90 14 ${top + height / 2})">${escaped(yName)}</text>
${marks}
</svg>`
}
