# Starts programs for the runner: to fork this small process costs a fraction of what it costs to fork Node's. Forks that wait for
# what they are to become are at hand. src/spawner.ts is the other side, and says what is written where. Ends when its stdin ends.
# Perl's own files are not used: of each that it opens, it asks the system four things.
use strict;
use warnings;

# The numbers of system calls; the first is taken for one as it stands.
my ($READ, $WRITE, $CLOSE, $PIPE2, $DUP3, $SETSID, $PIDFD_OPEN) = map { $_ + 0 } @ARGV;
my $CLOEXEC = 0x80000;
my $PIECE   = 1 << 16;
# When so few forks are left, more are made: several in a row, since after each the pages that are written to have to be copied
# again. As many as were asked for already, up to a limit.
my ($FEW, $MANY) = (1, 8);
my $started = 0;
# In seconds. What a program prints is told together with its end, if that comes so soon; a fork is made when nothing came for so long.
my ($SOON, $QUIET) = (0.002, 0.02);

# By pid: the forks that wait, and the programs that run, with the numbers of their files.
my %kids;
my $spares = 0;
# By the number of a file: what is done when there is something to read in it.
my %on;
my $watched = '';
# What was read and is not obeyed yet; what is to be told; what may wait until there is something else to tell.
my ($asked, $told, $aside) = ('', '', '');
# Whether it is to be told at once.
my $is_urgent = 0;
my $buffer = "\0" x $PIECE;

# A program may end before it has read what it is given.
$SIG{PIPE} = 'IGNORE';
my $pidfd = syscall($PIDFD_OPEN, $$ + 0, 0);
exit 1 if $pidfd < 0;
shut($pidfd);
open(my $null, '<', '/dev/null') or exit 1;
my $variables;
hear() until defined($variables = framed());
%ENV = strings($variables);
prefork();
urgently('y', 0, '');

for (;;) {
    my $before = length $told;
    if ($is_urgent || $before > $PIECE) {
        # The runner has something to think about: the time to make what it will ask for.
        put(1, $aside . $told) or exit 1;
        ($aside, $told, $before, $is_urgent) = ('', '', 0, 0);
        refill();
    }
    vec(my $ready = $watched, 0, 1) = 1;
    my $found = select($ready, undef, undef, $before ? $SOON : $spares <= $FEW ? $QUIET : undef);
    # It was stopped, and goes on.
    next if $found < 0 && $! == 4;
    exit 1 if $found < 0;
    refill() if !$found && !$before;
    # What is new comes last: a file that it opens may get the number of one that was closed in this turn.
    for my $file ($found ? sort { $a <=> $b } keys %on : ()) {
        $on{$file}->() if vec($ready, $file, 1) && $on{$file};
    }
    if ($found && vec($ready, 0, 1)) { hear(); obey() }
    $is_urgent = 1 if $before && (!$found || length $told > $before);
}

sub hear {
    my $piece = piece_of(0);
    exit 0 if $piece eq '';
    $asked .= $piece;
}

sub obey {
    while (defined(my $request = framed())) {
        my ($kind, $pid) = unpack('a N', $request);
        my $kid = $kids{$pid};
        if ($kind eq 'n') {
            urgently('f', 0, pack('N', $! + 0)) if $aside eq '' && !prefork();
            # Whoever asks next gets another.
            ($told, $aside, $is_urgent) = ($told . $aside, '', 1);
        }
        elsif ($kind eq 's') { start($kid, substr($request, 5)) if $kid }
        elsif ($kid) { forget($kid, $_) for qw(out err); settle($kid) }
    }
}

sub refill {
    return if $spares > $FEW;
    my $enough = $started < 2 ? 2 : $started < $MANY ? $started : $MANY;
    while ($spares < $enough) { prefork() or return }
}

# There is no room for another. What was forked already ends when its files are closed, and is never heard of.
sub without {
    my ($files) = @_;
    my $errno = $! + 0;
    shut_all($files);
    $! = $errno;
    return;
}

# A process that becomes a program as soon as it is told which.
sub prefork {
    my %kid;
    for my $name (qw(what failed out err)) {
        my $pair = pack('i2', 0, 0);
        if (syscall($PIPE2, $pair, $CLOEXEC) < 0) { return without(\%kid) }
        @kid{$name, "$name to"} = unpack('i2', $pair);
    }
    my $pid = fork;
    return without(\%kid) if !defined $pid;
    become(\%kid) if !$pid;
    # Before anything else: a process that has ended has none.
    $kid{ended} = syscall($PIDFD_OPEN, $pid, 0);
    return without(\%kid) if $kid{ended} < 0;
    shut(delete $kid{$_}) for 'what', 'failed to', 'out to', 'err to';
    my $self = $kids{$pid} = { pid => $pid, files => \%kid };
    $spares++;
    watch($kid{ended}, sub { ended($self) });
    $aside .= message('p', $pid, '');
    return 1;
}

sub become {
    my ($own) = @_;
    syscall($SETSID);
    # Its own ends of the pipes of others would keep these open.
    shut_all($_->{files}) for values %kids;
    syscall($DUP3, fileno $null, 0, 0);
    syscall($DUP3, $own->{'out to'}, 1, 0);
    shut(delete $own->{$_}) for 'what to', 'failed', 'out', 'out to', 'err';
    my ($apart, $cwd, $file, $variables, @rest) = strings(take($own->{what}));
    syscall($DUP3, $apart ? $own->{'err to'} : 1, 2, 0);
    my %own = splice @rest, 0, 2 * $variables;
    @ENV{ keys %own } = values %own;
    $SIG{PIPE} = 'DEFAULT';
    no warnings 'exec';
    chdir $cwd and exec { $file } @rest;
    put($own->{'failed to'}, pack('N', $! + 0));
    exit 127;
}

sub start {
    my ($kid, $what) = @_;
    $spares--;
    $started++;
    $kid->{is_started} = 1;
    put($kid->{files}{'what to'}, pack('N/a*', $what));
    forget($kid, 'what to');
    forget($kid, 'err') if !(strings($what))[0];
    for my $name (grep { $kid->{files}{$_} } qw(out err)) {
        watch($kid->{files}{$name}, sub { print_of($kid, $name) });
    }
}

sub print_of {
    my ($kid, $name) = @_;
    my $piece = piece_of($kid->{files}{$name});
    if ($piece eq '') { forget($kid, $name); settle($kid) }
    else { $told .= message($name eq 'out' ? 'o' : 'e', $kid->{pid}, $piece) }
}

sub ended {
    my ($kid) = @_;
    waitpid $kid->{pid}, 0;
    $kid->{status} = $?;
    # Nothing is in it where it has become another program.
    $kid->{errno} = $? == 127 << 8 ? piece_of($kid->{files}{failed}) : '';
    forget($kid, $_) for qw(ended failed);
    if (!$kid->{is_started}) { $spares--; forget($kid, 'what to') }
    for my $name ($kid->{is_started} && $kid->{errno} eq '' ? qw(out err) : ()) {
        # Twice: what it has printed, and that there is no more.
        for (1, 2) { print_of($kid, $name) if $kid->{files}{$name} && is_ready($kid->{files}{$name}) }
    }
    if (!$kid->{is_started} || $kid->{errno} ne '') { forget($kid, $_) for qw(out err) }
    # What it has started itself may still hold its pipes.
    urgently('d', $kid->{pid}, '') if !settle($kid);
}

sub forget {
    my ($kid, $name) = @_;
    my $file = delete $kid->{files}{$name} // return;
    delete $on{$file};
    vec($watched, $file, 1) = 0;
    shut($file);
}

# Whether it is over.
sub settle {
    my ($kid) = @_;
    return 0 if !defined $kid->{status} || %{ $kid->{files} };
    return 1 if !delete $kids{ $kid->{pid} };
    if   ($kid->{errno} ne '') { urgently('f', $kid->{pid}, $kid->{errno}) }
    else                       { urgently('x', $kid->{pid}, pack('N', $kid->{status})) }
    return 1;
}

sub watch {
    my ($file, $work) = @_;
    $on{$file} = $work;
    vec($watched, $file, 1) = 1;
}

sub is_ready {
    vec(my $ready = '', $_[0], 1) = 1;
    return select($ready, undef, undef, 0) > 0;
}

sub message { return pack('a N N/a*', @_) }

sub urgently {
    $told .= message(@_);
    $is_urgent = 1;
}

# What is whole of the next that was asked.
sub framed {
    return if length $asked < 4 || length $asked < 4 + (my $length = unpack('N', $asked));
    my $what = substr($asked, 4, $length);
    substr($asked, 0, 4 + $length) = '';
    return $what;
}

# Empty at the end.
sub piece_of {
    my ($file) = @_;
    my $length = syscall($READ, $file, $buffer, $PIECE);
    return $length > 0 ? substr($buffer, 0, $length) : '';
}

# Its other end is closed when the runner is gone.
sub take {
    my ($file) = @_;
    my $bytes = '';
    while (length $bytes < 4 || length $bytes < 4 + unpack('N', $bytes)) {
        my $piece = piece_of($file);
        exit 0 if $piece eq '';
        $bytes .= $piece;
    }
    return substr($bytes, 4);
}

sub put {
    my ($file, $bytes) = @_;
    while ($bytes ne '') {
        my $length = syscall($WRITE, $file, $bytes, length $bytes);
        return 0 if $length < 0;
        substr($bytes, 0, $length) = '';
    }
    return 1;
}

sub shut { syscall($CLOSE, $_[0]) }

sub shut_all { shut($_) for values %{ $_[0] } }

sub strings { return unpack('(N/a*)*', $_[0]) }
