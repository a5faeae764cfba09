import React from 'react';
import type { LinkModel } from '@grafana/data';
import { Dropdown, IconButton, Menu } from '@grafana/ui';

interface LinkMenuProps {
  readonly links: readonly LinkModel[];
  /** Whose links these are, for the button's name. */
  readonly label: string;
}

/** A button that opens all links of one value. */
export function LinkMenu({ links, label }: LinkMenuProps) {
  const menu = () => (
    <Menu>
      {links.map((link, index) => (
        <Menu.Item
          key={index}
          label={link.title}
          url={link.href}
          target={link.target}
          {...(link.onClick === undefined ? {} : { onClick: link.onClick })}
        />
      ))}
    </Menu>
  );
  return (
    <Dropdown overlay={menu} placement="bottom-end">
      <IconButton name="link" size="sm" aria-label={label} />
    </Dropdown>
  );
}
