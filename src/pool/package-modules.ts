import { PACKAGE_ROOT } from '../package-root.js'

/** Where the driver has the package, if it is on another machine. */
let drivers: string | undefined

/** Sets where the driver has the package: references to modules of the package are URLs there. */
export function setDriversPackage(root: string): void {
  drivers = root
}

/** Returns the URL of a module in this process. Modules of the package are at other URLs on other machines. */
export function localUrl(url: string): string {
  return drivers !== undefined && url.startsWith(drivers) ? PACKAGE_ROOT.href + url.slice(drivers.length) : url
}
