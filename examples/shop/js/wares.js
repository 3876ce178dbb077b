// What the shop has: read by every page.
export const WARES = [
  { sku: 'mug', name: 'Mug', price: 24, kind: 'drink', left: 14, text: 'Thrown in one go, with a handle for three fingers.' },
  { sku: 'bowl', name: 'Bowl', price: 32, kind: 'table', left: 6, text: 'Wide enough for a salad, deep enough for soup.' },
  { sku: 'plate', name: 'Plate', price: 28, kind: 'table', left: 22, text: 'Flat, heavy, and the colour of rain.' },
  { sku: 'vase', name: 'Vase', price: 68, kind: 'house', left: 2, text: 'For one branch, or five tulips.' },
  { sku: 'pitcher', name: 'Pitcher', price: 54, kind: 'drink', left: 5, text: 'Pours without a drop beside.' },
  { sku: 'carafe', name: 'Carafe', price: 49, kind: 'drink', left: 0, text: 'Keeps water cool through an afternoon.' },
  { sku: 'espresso', name: 'Espresso cup', price: 16, kind: 'drink', left: 40, text: 'Two sips, well kept warm.' },
  { sku: 'jar', name: 'Jar', price: 44, kind: 'house', left: 9, text: 'For flour, salt, or letters.' },
  { sku: 'planter', name: 'Planter', price: 38, kind: 'house', left: 11, text: 'Breathes, as roots like it.' },
  { sku: 'bottle', name: 'Bottle', price: 36, kind: 'house', left: 7, text: 'Oil goes in, light stays out.' },
  { sku: 'platter', name: 'Platter', price: 72, kind: 'table', left: 3, text: 'Carries a fish, or a feast.' },
  { sku: 'beaker', name: 'Beaker', price: 19, kind: 'drink', left: 0, text: 'Fits every hand, has no handle.' },
]

export const wareBySku = (sku) => WARES.find((ware) => ware.sku === sku)

export const euros = (amount) => `€${amount}`

/** An element with attributes and children; functions are listeners. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key, value)
    else if (value !== false) element.setAttribute(key, value === true ? '' : value)
  }
  element.append(...children)
  return element
}
