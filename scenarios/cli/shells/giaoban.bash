# Words for giaoban in bash: giaoban itself says which.
_giaoban() {
    local line current=${COMP_WORDS[COMP_CWORD]}
    [[ $current == [=:] ]] && current=
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :files)
                compopt -o filenames 2>/dev/null
                while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
                ;;
            :folders)
                compopt -o filenames 2>/dev/null
                while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current")
                ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <(_GIAOBAN_COMPLETE=bash "$1" "$COMP_LINE" "$COMP_POINT" 2>/dev/null)
}
complete -F _giaoban giaoban
