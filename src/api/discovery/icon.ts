/** The icon of `GET /favicon.svg`, which directories show beside the service's name: a play button that is a bracket as well. */
export const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#12692d"/>' +
  '<path d="M24 16l22 16-22 16" fill="none" stroke="#fff" stroke-width="8" stroke-linecap="round" stroke-linejoin="round"/></svg>'
