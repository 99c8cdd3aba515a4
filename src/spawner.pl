# Starts programs for the runner: to fork this small process costs a fraction of what it costs to fork Node's. Forks that wait for
# what they are to become are at hand. src/spawner.ts is the other side, and says what is written where. Ends when its stdin ends.
# Perl's own files are not used: of each that it opens, it asks the system four things. Nor are its warnings: a fork would have a
# third more to copy.
use strict;

# The numbers of system calls; the first is taken for one as it stands.
my ($READ, $WRITE, $CLOSE, $PIPE2, $DUP3, $SETSID, $SOCKETPAIR, $FCNTL, $PIDFD_OPEN, $CLOSE_RANGE) = map { $_ + 0 } @ARGV;
my ($AF_UNIX, $SOCK_STREAM) = (1, 1);
my $CLOEXEC = 0x80000;
my ($F_SETFL, $NONBLOCK, $EAGAIN) = (4, 0x800, 11);
my $PIECE   = 1 << 16;
# The last file number that there can be.
my $LAST = 0x7fffffff;
# When so few forks are left, more are made: as many as were asked for already, up to a limit. More in a row would save some of the
# pages that have to be copied after each, but they would still be made when the runner asks for the next program.
my ($FEW, $MANY) = (1, 3);
my $started = 0;
# In seconds. What a program prints is told together with its end, if that comes so soon; a fork is made when nothing came for so long.
my ($SOON, $QUIET) = (0.002, 0.02);
# Until then, or until so much else has happened, nobody looks what a program prints: each look would keep it from going on.
my $TURNS = 3;

# By pid: the forks that wait, and the programs that run, with the numbers of their files.
my %kids;
my $spares = 0;
# By the number of a file: what is done when there is something to read in it.
my %on;
my $watched = '';
# What was read and is not obeyed yet; what is to be told; what may wait until there is something else to tell.
my ($asked, $told, $aside) = ('', '', '');
# Whether it is to be told at once, and how often it was kept back.
my ($is_urgent, $kept) = (0, 0);
# The numbers of files that are to be closed.
my @done;
# The programs that have just been started.
my @fresh;
my $buffer = "\0" x $PIECE;

# A program may end before it has read what it is given.
$SIG{PIPE} = 'IGNORE';
my $pidfd = syscall($PIDFD_OPEN, $$ + 0, 0);
exit 1 if $pidfd < 0 || syscall($CLOSE_RANGE, 3, $LAST, 0) < 0;
open(my $null, '<', '/dev/null') or exit 1;
my $variables;
hear() until defined($variables = framed());
%ENV = strings($variables);
# One of them, with its value.
my @any = each %ENV;
prefork();
urgently('y', 0, '');

for (;;) {
    my $before = length $told;
    my $is_telling = $is_urgent || $before > $PIECE;
    if ($is_telling) {
        put(1, $aside . $told) or exit 1;
        ($aside, $told, $before, $is_urgent, $kept) = ('', '', 0, 0, 0);
    }
    # The runner has something to think about: the time for what it need not wait for, and to make what it will ask for.
    shut($_) for splice @done;
    refill() if $is_telling;
    vec(my $ready = $watched, 0, 1) = 1;
    my $found = select($ready, undef, undef, $before || @fresh ? $SOON : $spares <= $FEW ? $QUIET : undef);
    # It was stopped, and goes on.
    next if $found < 0 && $! == 4;
    exit 1 if $found < 0;
    refill() if !$found && !$before && !@fresh;
    look_at_fresh(!$found) if @fresh;
    # What is new comes last: a file that it opens may get the number of one that was closed in this turn.
    for my $file ($found ? sort { $a <=> $b } keys %on : ()) {
        $on{$file}->() if vec($ready, $file, 1) && $on{$file};
    }
    if ($found && vec($ready, 0, 1)) { hear(); obey() }
    $is_urgent = 1 if $before && (!$found || ++$kept > 2);
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
        elsif ($kid) { forget($kid, 'out'); settle($kid) }
    }
}

sub refill {
    return if $spares > $FEW;
    my $enough = $started < 2 ? 2 : $started < $MANY ? $started : $MANY;
    while ($spares < $enough) { prefork() or return }
}

# There is no room for another. What was forked already ends when its files are closed, and is never heard of.
sub without {
    my $errno = $! + 0;
    shut($_) for @_;
    $! = $errno;
    return;
}

# A process that becomes a program as soon as it is told which. It is told, and says what keeps it from it, through a socket.
sub prefork {
    my ($ends, $pipe) = (pack('i2', 0, 0), pack('i2', 0, 0));
    return if syscall($SOCKETPAIR, $AF_UNIX, $SOCK_STREAM | $CLOEXEC, 0, $ends) < 0;
    my ($line, $own_line) = unpack('i2', $ends);
    return without($line, $own_line) if syscall($PIPE2, $pipe, $CLOEXEC) < 0;
    my ($out, $own_out) = unpack('i2', $pipe);
    syscall($FCNTL, $out, $F_SETFL, $NONBLOCK);
    my $pid = fork;
    return without($line, $own_line, $out, $own_out) if !defined $pid;
    become($own_line, $own_out) if !$pid;
    # Before anything else: a process that has ended has none.
    my $ended = syscall($PIDFD_OPEN, $pid, 0);
    return without($line, $own_line, $out, $own_out) if $ended < 0;
    shut($own_line);
    shut($own_out);
    my $self = $kids{$pid} = { pid => $pid, files => { line => $line, out => $out, ended => $ended } };
    $spares++;
    watch($ended, sub { ended($self) });
    $aside .= message('p', $pid, '');
    return 1;
}

sub become {
    my ($line, $out) = @_;
    syscall($SETSID);
    syscall($DUP3, fileno $null, 0, 0);
    syscall($DUP3, $out, 1, 0);
    syscall($DUP3, 1, 2, 0);
    # Its own ends of what leads to others would keep these open.
    syscall($DUP3, $line, 3, $CLOEXEC);
    syscall($CLOSE_RANGE, 4, $LAST, 0);
    $SIG{PIPE} = 'DEFAULT';
    # All that is to come, once with nothing: the pages that it writes to are then its own already, and nobody waits for that.
    turn_into('/', '', @any / 2, @any, '');
    turn_into(strings(take(3)));
    put(3, pack('N', $! + 0));
    exit 127;
}

sub turn_into {
    my ($cwd, $file, $variables, @rest) = @_;
    my %own = splice @rest, 0, 2 * $variables;
    @ENV{ keys %own } = values %own;
    chdir $cwd and exec { $file } @rest;
}

sub start {
    my ($kid, $what) = @_;
    $spares--;
    $started++;
    $kid->{is_started} = 1;
    put($kid->{files}{line}, pack('N/a*', $what));
    $kid->{turns} = $TURNS;
    push @fresh, $kid;
}

# From here on, what they print is told as it comes.
sub look_at_fresh {
    my ($is_quiet) = @_;
    my @young;
    for my $kid (@fresh) {
        if    ($kid->{turns}-- > 0 && !$is_quiet) { push @young, $kid }
        elsif ($kid->{files}{out})                { look_at($kid) }
    }
    @fresh = @young;
}

sub look_at {
    my ($kid) = @_;
    watch($kid->{files}{out}, sub { print_of($kid) });
}

# Whether there may be more at once.
sub print_of {
    my ($kid) = @_;
    my $piece = piece_of($kid->{files}{out}) // return 0;
    if ($piece eq '') { forget($kid, 'out'); settle($kid); return 0 }
    $told .= message('o', $kid->{pid}, $piece);
    return 1;
}

sub ended {
    my ($kid) = @_;
    waitpid $kid->{pid}, 0;
    $kid->{status} = $?;
    # Nothing is in it where it has become another program.
    $kid->{errno} = $? == 127 << 8 ? piece_of($kid->{files}{line}) : '';
    forget($kid, $_) for qw(ended line);
    @fresh = grep { $_ != $kid } @fresh;
    $spares-- if !$kid->{is_started};
    if (!$kid->{is_started} || $kid->{errno} ne '') { forget($kid, 'out') }
    # Twice: what it has printed, and that there is no more.
    if ($kid->{files}{out}) { print_of($kid) && print_of($kid) }
    # What it has started itself may still hold its pipe.
    if (!settle($kid)) { look_at($kid); urgently('d', $kid->{pid}, '') }
}

sub forget {
    my ($kid, $name) = @_;
    my $file = delete $kid->{files}{$name} // return;
    delete $on{$file};
    vec($watched, $file, 1) = 0;
    push @done, $file;
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

# Empty at the end; undefined where there is nothing yet, of a file for which nobody waits.
sub piece_of {
    my ($file) = @_;
    my $length = syscall($READ, $file, $buffer, $PIECE);
    return $length > 0 ? substr($buffer, 0, $length) : $length < 0 && $! == $EAGAIN ? undef : '';
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

sub strings { return unpack('(N/a*)*', $_[0]) }
