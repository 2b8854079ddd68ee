/** Line icons on a 16-pixel grid. Inline, because a shadow root loads no icon font. */

import type { ReactElement } from "react";

const PATHS = {
  undo: "M6 3 2.5 6.5 6 10M3 6.5h6.5a4 4 0 0 1 0 8H7",
  redo: "m10 3 3.500 3.500L10 10M13 6.500H6.500a4 4 0 0 0 0 8H9",
  tidy: "M2.500 2.500h4v4h-4zM9.500 2.500h4v4h-4zM2.500 9.500h4v4h-4zM9.500 9.500h4v4h-4z",
  fit: "M2.500 6V2.500H6M10 2.500h3.500V6M13.500 10v3.500H10M6 13.500H2.500V10",
  fold: "M3 8h10M8 1.500V5.500M5.800 3.800 8 6l2.200-2.200M8 14.500v-4M5.800 12.200 8 10l2.200 2.200",
  unfold: "M3 8h10M8 6V1.800M5.800 4 8 1.800 10.200 4M8 10v4.200M5.800 12 8 14.200 10.200 12",
  search: "M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9ZM10.300 10.300l3.700 3.700",
  close: "m4 4 8 8M12 4l-8 8",
  export: "M8 2v8M4.800 7 8 10.200 11.200 7M2.500 11.500v2h11v-2",
  warn: "M8 2.200 14.500 13.500h-13ZM8 6.500v3.200M8 11.700v.1",
  help: "M5.800 6a2.200 2.200 0 1 1 3 2c-.600.300-.8.700-.8 1.500M8 12v.1",
  chevron: "m6 4 4 4-4 4",
  down: "m4 6 4 4 4-4",
  reset: "M3 8a5 5 0 1 1 1.600 3.700M3 12.500V8.800h3.700",
  link: "M6.500 9.500 13.500 2.500M9 2.500h4.500V7M12 9.500v4H2.500V4h4",
  pin: "M8 10v4.500M5 2.500h6M6 2.500v4l-2 3.500h8l-2-3.500v-4",
  grip: "M6 4v.1M10 4v.1M6 8v.1M10 8v.1M6 12v.1M10 12v.1",
  goto: "M8 4.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7ZM8 1.500v2M8 12.500v2M1.500 8h2M12.500 8h2",
  flask: "M6.500 2v4L3 12.500a1 1 0 0 0 .9 1.500h8.200a1 1 0 0 0 .9-1.500L9.500 6V2M5.500 2h5M5 10h6",
  pencil: "M3 13l.700-2.900L10.500 3.300l2.200 2.200L5.900 12.300ZM9.200 4.600l2.200 2.200",
  inside: "M2.500 2.500h11v11h-11zM8 5v1.500M8 9.500V11M6 6.500h4v3H6z",
  back: "M7 3.500 2.500 8 7 12.500M2.500 8h11",
  plus: "M8 3v10M3 8h10",
  chip: "M4 4h8v8H4zM6.500 1.500V4M9.500 1.500V4M6.500 12v2.500M9.500 12v2.500M1.500 6.500H4M1.500 9.500H4M12 6.500h2.500M12 9.500h2.500",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }): ReactElement {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
