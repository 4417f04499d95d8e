/** Icons as inline SVG: no font, no request, coloured by the text around them. All are decoration; the control has the name. */
import type { ComponentChildren, JSX } from "preact";

function icon(paths: ComponentChildren): () => JSX.Element {
  return () => (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {paths}
    </svg>
  );
}

export const PlusIcon = icon(<path d="M10 4.2v11.6M4.2 10h11.6" />);
export const MenuIcon = icon(<path d="M3.5 6h13M3.5 10h13M3.5 14h8" />);
export const CloseIcon = icon(<path d="m5 5 10 10M15 5 5 15" />);
export const SendIcon = icon(<path d="M10 16V4.5M4.8 9.4 10 4.2l5.2 5.2" />);
export const StopIcon = icon(<rect class="solid" x="5.5" y="5.5" width="9" height="9" rx="2" />);
export const CopyIcon = icon(
  <>
    <rect x="7" y="7" width="9" height="9.5" rx="2" />
    <path d="M13 4.4A1.9 1.9 0 0 0 11.2 3.5H5.5a2 2 0 0 0-2 2v6a1.9 1.9 0 0 0 .9 1.7" />
  </>,
);
export const CheckIcon = icon(<path d="m4.5 10.5 3.6 3.6 7.4-8" />);
export const TrashIcon = icon(<path d="M4 5.5h12M8 5.3V3.8h4v1.5M5.5 5.5l.7 10.7h7.6l.7-10.7M8.5 8.5v4.8M11.5 8.5v4.8" />);
export const PencilIcon = icon(
  <path d="M4 16l.7-3.3 8-8a1.6 1.6 0 0 1 2.3 0l.3.3a1.6 1.6 0 0 1 0 2.3l-8 8L4 16ZM11.3 6.1l2.6 2.6" />,
);
export const AgainIcon = icon(<path d="M15.8 8.2A6 6 0 1 0 16 11M16 4.5v3.9h-3.9" />);
export const ShieldIcon = icon(
  <path d="M10 3.2 4.5 5.3v4.2c0 3.4 2.2 6 5.5 7.3 3.3-1.3 5.5-3.9 5.5-7.3V5.3L10 3.2ZM7.6 9.9l1.7 1.7 3.1-3.4" />,
);
export const GearIcon = icon(
  <>
    <circle cx="10" cy="10" r="2.4" />
    <path d="M10 3.2v2M10 14.8v2M3.2 10h2M14.8 10h2M5.2 5.2l1.4 1.4M13.4 13.4l1.4 1.4M14.8 5.2l-1.4 1.4M6.6 13.4l-1.4 1.4" />
  </>,
);
export const ClipIcon = icon(
  <path d="m15.6 9.4-5.5 5.5a3.4 3.4 0 0 1-4.8-4.8l5.9-5.9a2.3 2.3 0 0 1 3.2 3.2l-5.8 5.9a1.1 1.1 0 0 1-1.6-1.6l5.3-5.4" />,
);
export const DownIcon = icon(<path d="M10 4.5v11M5 10.7l5 5 5-5" />);
export const SignOutIcon = icon(
  <path d="M8 3.8H5a1.5 1.5 0 0 0-1.5 1.5v9.4A1.5 1.5 0 0 0 5 16.2h3M12.5 6.5 16 10l-3.5 3.5M16 10H8" />,
);

/** The Fidus mark; the same drawing as icons/fidus.svg. */
export function Mark({ small = false }: { small?: boolean }): JSX.Element {
  return (
    <svg class={small ? "mark small" : "mark"} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="mark-ground" width="32" height="32" rx="9" />
      <path class="mark-letter" d="M11 24.5V11.2c0-1.5 1.2-2.7 2.7-2.7H22M11 16.6h6.2" />
      <circle class="mark-dot" cx="21.6" cy="16.6" r="1.9" />
    </svg>
  );
}
