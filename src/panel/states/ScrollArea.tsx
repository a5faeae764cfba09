import React from 'react';

interface ScrollAreaProps {
  /** Accessible label of its content. */
  readonly label: string;
  readonly className?: string;
  readonly style?: React.CSSProperties;
  readonly children: React.ReactNode;
}

/** A box that scrolls, with the keyboard too. */
export function ScrollArea({ label, className, style, children }: ScrollAreaProps) {
  return (
    // A group and not a region: several panels on a page may have the same, which landmarks must not.
    // Not every browser lets the keyboard into a scrolling box that has nothing else to focus.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="group" aria-label={label} tabIndex={0} className={className} style={style}>
      {children}
    </div>
  );
}
