// What each shell reads: a function that asks the program what the word could be. All that is to be known stands in the program, so
// that a new version needs no new script.

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * Bash takes a word apart at `:` and `=`, and puts what it is given into the line as it is: the whole line is handed over, and
 * what comes back is quoted already.
 */
const BASH = `# bash: eval "$(runbook completion bash)"  in ~/.bashrc
_runbook() {
  local kind='' line
  COMPREPLY=()
  while IFS= read -r line; do
    if [ -z "$kind" ]; then kind=$line; else COMPREPLY+=("$line"); fi
  done < <("$1" completion --words bash "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  case $kind in
    files) compopt -o default 2>/dev/null ;;
    dirs) compopt -o dirnames 2>/dev/null ;;
  esac
}
complete -F _runbook runbook
`;

const ZSH = `#compdef runbook
# zsh: eval "$(runbook completion zsh)"  in ~/.zshrc, after compinit; or as _runbook in a folder of $fpath
_runbook() {
  local -a lines ids shown
  local line
  lines=("\${(@f)$("\${words[1]}" completion --words zsh "\${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
  case $lines[1] in
    files) _files; return ;;
    dirs) _files -/; return ;;
  esac
  for line in "\${(@)lines[2,-1]}"; do
    ids+=("\${line%%$'\\t'*}")
    shown+=("\${line/$'\\t'/  -- }")
  done
  compadd -l -d shown -a ids
}
if [ "\${funcstack[1]}" = _runbook ]; then _runbook "$@"; else compdef _runbook runbook; fi
`;

const FISH = `# fish: runbook completion fish > ~/.config/fish/completions/runbook.fish
function __runbook_words
    set -l before (commandline -opc)
    set -l program $before[1]
    set -e before[1]
    set -l lines ($program completion --words fish $before (commandline -ct | string collect --allow-empty) 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path (commandline -ct)
        case dirs
            __fish_complete_directories (commandline -ct)
        case '*'
            test (count $lines) -gt 1; and printf '%s\\n' $lines[2..-1]
    end
end
complete -c runbook -f -a '(__runbook_words)'
`;

/** An empty word would be lost on its way, which is why one stands before the word that is typed. */
const POWERSHELL = `# PowerShell: runbook completion powershell | Out-String | Invoke-Expression  in $PROFILE
Register-ArgumentCompleter -Native -CommandName runbook -ScriptBlock {
    param($typed, $ast, $position)
    $before = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
        })
    $bare = $typed.Trim("'", '"')
    $lines = @(& runbook completion --words powershell @before "=$bare" 2>$null)
    $lines | Select-Object -Skip 1 | ForEach-Object {
        $word, $about = $_ -split "\`t", 2
        if ($word.StartsWith($bare)) {
            $text = if ($word -match '[^\\w:./=-]') { "'" + $word.Replace("'", "''") + "'" } else { $word }
            $tip = if ($about) { $about } else { $word }
            [System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $tip)
        }
    }
}
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL };
