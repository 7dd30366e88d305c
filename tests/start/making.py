"""What the makers of nova.confs share."""

SPACES = ('', '', '', ' ', '  ')
YES, NO = ('true', 'True', '1', 'yes', 'on'), ('false', 'False', '0', 'no', 'off')
ODD = ('', ' ', '*', 'x', '-1', '0', '^', ',', ':', '{}', '[]', 'null', '"a"', '١', '0x10', '1e3', '1_0', '+1', '$nonesuch')


class Conf:
    """A nova.conf in the making: options by group, each once or, for those that repeat, more often."""

    def __init__(self):
        self.groups, self.inserted = {}, []

    def put(self, group, name, value):
        self.groups.setdefault(group, []).append(f'{name} = {value}')

    def insert(self, rng, line):
        """Puts a line in somewhere, perhaps before the first group."""
        self.inserted.append((rng.random(), line))

    def text(self):
        text = [line for group, lines in self.groups.items() for line in (f'[{group}]', *lines)]
        for where, line in self.inserted:
            text.insert(int(where * (len(text) + 1)), line)
        return ''.join(line + '\n' for line in text)


def flag(rng, likely=0.5):
    return rng.choice(YES if rng.random() < likely else NO)
